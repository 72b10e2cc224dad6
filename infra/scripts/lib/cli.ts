import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const programFolder = join(import.meta.dirname, '../..');

/** Options of the Pulumi CLI that enforce the policy pack. */
export const underThePolicies = ['--policy-pack', join(programFolder, 'policy')] as const;

/** Name of the Pulumi project, which is also the prefix of its settings. */
export const projectName = 'andamio';

/** An error whose message suffices for the user. It is printed without a stack trace. */
export class Failure extends Error {}

/** Runs a script's main function. If the function fails, prints the error and sets exit code 1. */
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

/**
 * Returns a script's arguments by name.
 *
 * @throws {Failure} with the usage if the number of arguments is wrong
 */
export function named<const Names extends readonly string[]>(
  args: readonly string[],
  usage: string,
  names: Names,
): Record<Names[number], string> {
  if (args.length !== names.length) throw new Failure(`Usage: ${usage}`);
  return Object.fromEntries(names.map((name, index) => [name, args[index]])) as Record<
    Names[number],
    string
  >;
}

/**
 * Returns the environment for the Pulumi CLI. The passphrase defaults to the empty string, because
 * neither the configuration nor the state contains secrets.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  const { env } = process;
  const isSet =
    env['PULUMI_CONFIG_PASSPHRASE'] !== undefined || Boolean(env['PULUMI_CONFIG_PASSPHRASE_FILE']);
  return isSet ? env : { ...env, PULUMI_CONFIG_PASSPHRASE: '' };
}

const installationPages: Readonly<Record<string, string>> = {
  docker: 'https://docs.docker.com/engine/install/',
  gcloud: 'https://cloud.google.com/sdk/docs/install',
  pulumi: 'https://www.pulumi.com/docs/install/',
};

/** Returns a line that explains why a program could not be started, and how to install it. */
export function startProblem(command: string, { message }: Error): string {
  const page = installationPages[command];
  return `${command} cannot be started${page === undefined ? '' : ` (to install it: ${page})`}: ${message}`;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory. Defaults to the program's folder. */
  readonly cwd?: string;
  /** True to capture the output instead of printing it. */
  readonly quiet?: boolean;
}

/**
 * Runs a command and waits until it exits.
 *
 * @returns the command's output if `quiet` is set
 * @throws {Failure} if the command cannot be started or its exit code is not 0
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
  if (error) throw new Failure(startProblem(command, error));
  if (status !== 0)
    throw new Failure(
      `${command} ${args[0]} failed.${options.quiet ? `\n${stdout}${stderr}` : ''}`,
    );
  return stdout ?? '';
}

/** How a command ended, and the output that was captured. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the Pulumi CLI on a stack without prompts, and waits until it exits.
 *
 * @param options.quiet true to capture the output instead of printing it
 * @param options.until asks the CLI to stop when it aborts. The CLI then runs in its own process
 * group, so that Ctrl-C in a terminal reaches only this script, which decides whether the CLI may
 * finish. Without this signal, Ctrl-C ends the script and the CLI.
 * @throws {Failure} if the CLI cannot be started
 * @throws the signal's reason if the CLI was stopped, after it has exited
 */
export async function pulumiEnded(
  stack: string,
  args: readonly string[],
  { quiet, until }: { readonly quiet?: boolean; readonly until?: AbortSignal | undefined },
): Promise<Ended> {
  until?.throwIfAborted();
  const output = quiet ? 'pipe' : 'inherit';
  const child = spawn('pulumi', [...args, '--stack', stack, '--non-interactive'], {
    cwd: programFolder,
    env: pulumiEnvironment(),
    stdio: ['ignore', output, output],
    detached: until !== undefined,
  });
  const stop = () => child.kill('SIGINT');
  until?.addEventListener('abort', stop, { once: true });
  try {
    const [[status], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      child.stdout === null ? '' : text(child.stdout),
      child.stderr === null ? '' : text(child.stderr),
    ]).catch((error: Error) => {
      throw new Failure(startProblem('pulumi', error));
    });
    until?.throwIfAborted();
    return { status, stdout, stderr };
  } finally {
    until?.removeEventListener('abort', stop);
  }
}

/**
 * Runs the Pulumi CLI like {@link pulumiEnded}.
 *
 * @throws {Failure} if the CLI's exit code is not 0
 */
export async function pulumiUntil(
  until: AbortSignal | undefined,
  stack: string,
  args: readonly string[],
  quiet = false,
): Promise<void> {
  const { status, stdout, stderr } = await pulumiEnded(stack, args, { quiet, until });
  if (status !== 0)
    throw new Failure(`pulumi ${args[0]} failed.${quiet ? `\n${stdout}${stderr}` : ''}`);
}

/** Runs the Pulumi CLI on a stack without prompts. */
export function pulumi(stack: string, args: readonly string[], options: RunOptions = {}): string {
  return run('pulumi', [...args, '--stack', stack, '--non-interactive'], options);
}

/**
 * Writes settings of the program to a stack's file. Removes a setting whose value is undefined.
 *
 * @param options.until like that of {@link pulumiEnded}
 * @param options.file the stack's file. Defaults to the one in the program's folder.
 */
export async function writeSettings(
  stack: string,
  settings: Readonly<Record<string, string | undefined>>,
  { until, file }: { readonly until?: AbortSignal; readonly file?: string } = {},
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const key = `${projectName}:${name}`;
    const command = value === undefined ? ['rm', key] : ['set', key, value];
    const where = file === undefined ? [] : ['--config-file', file];
    await pulumiUntil(until, stack, ['config', ...command, ...where], true);
  }
}

/** Calls a function with a temporary folder, and deletes the folder afterwards. */
export function withFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the outputs of a stack's last update. The object is empty if there was no update. */
export function outputsOf(stack: string): Readonly<Record<string, unknown>> {
  return JSON.parse(pulumi(stack, ['stack', 'output', '--json'], { quiet: true }) || '{}');
}
