import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The folder of the Pulumi program. */
export const programFolder = join(import.meta.dirname, '..');

/** The rules that every stack keeps, as the engine is told of them. */
export const underThePolicies = ['--policy-pack', join(programFolder, 'policy')] as const;

/** The name of the Pulumi project, which prefixes its settings. */
export const projectName = 'andamio';

/** An error that says all there is to say: no stack trace. */
export class Failure extends Error {}

/** Runs a script to its end; what went wrong is one message and exit code 1. */
export async function script(main: (args: string[]) => Promise<void> | void): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Failure ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The arguments of a script by what they are called. @throws {Failure} that shows the usage. */
export function named<const Names extends readonly string[]>(
  args: readonly string[],
  usage: string,
  names: Names,
): Record<Names[number], string> {
  if (args.length !== names.length) throw new Failure(`Usage: ${usage}`);
  return Object.fromEntries(names.map((name, index) => [name, args[index]])) as Record<Names[number], string>;
}

/**
 * The environment of the Pulumi CLI. Stacks have an empty passphrase: configuration and state hold no secret. One that is set is
 * respected.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  const { env } = process;
  const isSet = env['PULUMI_CONFIG_PASSPHRASE'] !== undefined || Boolean(env['PULUMI_CONFIG_PASSPHRASE_FILE']);
  return isSet ? env : { ...env, PULUMI_CONFIG_PASSPHRASE: '' };
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs, if not in the folder of the program. */
  readonly cwd?: string;
  /** What the program prints is for the caller alone. */
  readonly quiet?: boolean;
}

/**
 * Runs a program in the folder of the Pulumi program.
 *
 * @returns what it printed, where `quiet`
 * @throws {Failure} when it cannot be started or ends with another code than 0
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: options.cwd ?? programFolder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    input: options.input ?? '',
    env: { ...pulumiEnvironment(), ...options.env },
    stdio: ['pipe', options.quiet ? 'pipe' : 'inherit', options.quiet ? 'pipe' : 'inherit'],
  });
  if (error) throw new Failure(`${command} cannot be started: ${error.message}`);
  if (status !== 0) throw new Failure(`${command} ${args[0]} failed.${options.quiet ? `\n${stdout}${stderr}` : ''}`);
  return stdout ?? '';
}

/**
 * Runs the Pulumi CLI on a stack without questions, and asks it to stop when the signal aborts. The CLI runs in a process group
 * of its own: Ctrl-C in a terminal reaches this script alone, which decides what is stopped and what is finished.
 *
 * @throws {Failure} when it ends with another code than 0
 * @throws the signal's reason when it was stopped; by then the CLI has ended
 */
export async function pulumiUntil(signal: AbortSignal, stack: string, args: readonly string[]): Promise<void> {
  signal.throwIfAborted();
  const child = spawn('pulumi', [...args, '--stack', stack, '--non-interactive'], {
    cwd: programFolder,
    env: pulumiEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const stop = () => child.kill('SIGINT');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [status] = await once(child, 'close');
    signal.throwIfAborted();
    if (status !== 0) throw new Failure(`pulumi ${args[0]} failed.`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Runs the Pulumi CLI on a stack without questions. */
export function pulumi(stack: string, args: readonly string[], options: RunOptions = {}): string {
  return run('pulumi', [...args, '--stack', stack, '--non-interactive'], options);
}

/** One resource in a preview, with what was asked for before and what would be. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
}

/**
 * Returns what the policies say against a stack. As JSON, a preview says only that it failed.
 *
 * @param command of the preview, without `--json`
 */
function policyViolations(command: readonly string[], options: Parameters<typeof spawnSync>[2]): string[] {
  const { stdout } = spawnSync('pulumi', command, { ...options, encoding: 'utf8' });
  const at = stdout.search(/^Policies:/m);
  return at < 0 ? [] : [stdout.slice(at).trim()];
}

/**
 * What `up` would do to a stack, one step a resource, after the policy pack has looked at all of them.
 *
 * @throws {Failure} that tells what the preview or a policy said was wrong
 */
export function previewed(
  stack: string,
  args: readonly string[] = [],
  options: Pick<RunOptions, 'cwd' | 'env'> = {},
): Step[] {
  const command = ['preview', '--stack', stack, '--non-interactive', ...underThePolicies, ...args];
  const how = {
    cwd: options.cwd ?? programFolder,
    maxBuffer: 1 << 28,
    env: { ...pulumiEnvironment(), ...options.env },
  };
  const { status, stdout, stderr } = spawnSync('pulumi', [...command, '--json'], { ...how, encoding: 'utf8' });
  const { steps = [], diagnostics = [] } = JSON.parse(stdout || '{}') as {
    steps?: Step[];
    diagnostics?: { severity: string; message: string }[];
  };
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message.trim());
  if (status !== 0 || errors.length > 0) {
    const unexplained = errors.every((message) => /preview failed$/.test(message));
    const violations = unexplained ? policyViolations(command, how) : [];
    const reasons = [...errors, ...violations];
    throw new Failure([`The preview of ${stack} failed.`, ...(reasons.length > 0 ? reasons : [stderr])].join('\n'));
  }
  return steps;
}

/** The outputs of a stack as it was last applied; empty where it never was. */
export function outputsOf(stack: string): Readonly<Record<string, unknown>> {
  return JSON.parse(pulumi(stack, ['stack', 'output', '--json'], { quiet: true }) || '{}');
}
