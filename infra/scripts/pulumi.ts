// npx -y pnpm@12 pulumi ARGS...: runs the Pulumi CLI on this program. The stacks have an empty
// passphrase, which the script sets unless the environment contains a passphrase.
import { spawn } from 'node:child_process';
import { programFolder, pulumiEnvironment, startProblem } from './lib/cli.ts';

const child = spawn('pulumi', ['-C', programFolder, ...process.argv.slice(2)], {
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
