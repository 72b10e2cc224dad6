// npx -y pnpm@12 pulumi ARGS...: runs the Pulumi CLI on this program. The stacks have an empty
// passphrase, which the script sets unless the environment contains a passphrase. `up`, `preview`
// and `watch` run under the policy pack, unless ARGS contain `--policy-pack`. `--policy-pack=`
// without a value runs them without policies.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { programFolder, pulumiEnvironment, startProblem, underThePolicies } from './lib/cli.ts';

/** The commands that can check policies, with their aliases. */
const checked = ['preview', 'pre', 'up', 'update', 'watch'];

/**
 * Returns the options that add the policy pack to a command of the Pulumi CLI. The result is empty
 * if the command cannot check policies, or if its arguments choose them.
 */
function policyOptions(args: readonly string[]): readonly string[] {
  // Options with a value that can precede the command are declared, so that the value is not taken
  // for the command.
  const text = { type: 'string' } as const;
  const { positionals, values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      color: text,
      config: { ...text, short: 'c' },
      'config-file': text,
      cwd: { ...text, short: 'C' },
      memprofilerate: text,
      message: { ...text, short: 'm' },
      'otel-traces': text,
      parallel: { ...text, short: 'p' },
      'policy-pack': text,
      profiling: text,
      stack: { ...text, short: 's' },
      target: { ...text, short: 't' },
      tracing: text,
      verbose: { ...text, short: 'v' },
    },
  });
  const [command = ''] = positionals;
  const isChosen = values['policy-pack'] !== undefined;
  return checked.includes(command) && !isChosen ? underThePolicies : [];
}

const args = process.argv.slice(2);
const child = spawn('pulumi', ['-C', programFolder, ...args, ...policyOptions(args)], {
  stdio: 'inherit',
  env: pulumiEnvironment(),
});
child.once('error', (error) => {
  process.stderr.write(`${startProblem('pulumi', error)}\n`);
  process.exitCode = 127;
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
// The terminal also sends SIGINT to the CLI, which then shuts down cleanly. This process must wait
// for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
