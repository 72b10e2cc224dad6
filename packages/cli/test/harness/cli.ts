import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithFile } from '@andamio/testing/end-with-file';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The result of a command. */
export interface Result {
  /** The exit code, or the signal that ended the command. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

interface RunOptions {
  readonly env?: Variables;
  /** Text for standard input. By default, it is empty. */
  readonly input?: string;
}

/** Creates an empty folder that is removed after the test file, and returns its path. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-cli-'));
  endWithFile(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const home = temporaryFolder();

/**
 * Returns the environment for a command: only PATH from this process, an empty home folder, and the
 * given variables.
 */
const environment = (variables: Variables = {}) => ({
  PATH: process.env['PATH'],
  HOME: home,
  ...variables,
});

/** A running program. */
interface Running {
  readonly result: Promise<Result>;
  /** Returns what the program has written to standard output and standard error so far. */
  output(): string;
  /** Writes to standard input. */
  write(text: string): void;
  kill(signal: NodeJS.Signals): void;
}

/** An answer that the test gives, as a person would, once the output matches. */
interface Answer {
  readonly when: RegExp;
  readonly text: string;
}

/** Starts a program. Writes the answers in turn if they are given, otherwise the input. */
function start(
  [program, ...args]: readonly [string, ...string[]],
  { env, input = '' }: RunOptions,
  answers?: readonly Answer[],
): Running {
  const child = spawn(program, args, { env: environment(env), stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  const left = [...(answers ?? [])];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    if (left[0]?.when.test(stdout)) child.stdin.write((left.shift() as Answer).text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {}); // The command may end before it has read its input.
  if (answers === undefined) child.stdin.end(input);
  return {
    result: new Promise((resolve) =>
      child.once('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr })),
    ),
    output: () => stdout + stderr,
    write: (text) => child.stdin.write(text),
    kill: (signal) => child.kill(signal),
  };
}

/** Starts the built command without a terminal. */
export function startAndamio(args: readonly string[], options: RunOptions = {}): Running {
  return start([process.execPath, main, ...args], options);
}

/** Runs the built command without a terminal. */
export function andamio(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return startAndamio(args, options).result;
}

/** Runs a shell command in which `$ANDAMIO` is the built command. */
export function inShell(command: string, { env, ...options }: RunOptions = {}): Promise<Result> {
  const variables = { ...env, ANDAMIO: `${process.execPath} ${main}` };
  return start(['bash', '-o', 'pipefail', '-c', command], { ...options, env: variables }).result;
}

/**
 * Starts the built command in a pseudoterminal and answers its questions in turn. Its standard
 * output contains both standard output and standard error.
 */
export function startOnTerminal(
  args: string,
  answers: readonly Answer[],
  env: Variables = {},
): Running {
  const command = `${process.execPath} ${main} ${args}`;
  return start(
    ['script', '--quiet', '--return', '--command', command, '/dev/null'],
    { env },
    answers,
  );
}

/** Runs the built command in a pseudoterminal and answers its questions in turn. */
export function onTerminal(
  args: string,
  answers: Answer | readonly Answer[],
  env?: Variables,
): Promise<Result> {
  return startOnTerminal(args, [answers].flat(), env).result;
}

/** Starts the built service with an empty store. It stops after the test file. */
export async function startService(settings: Variables = {}): Promise<TestProcess> {
  const service = await startProcess({ SQLITE_PATH: ':memory:', ...settings });
  endWithFile(() => service.stop());
  return service;
}
