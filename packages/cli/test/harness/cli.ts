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
  readonly code: number | null;
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

/** Starts a program, writes its input, and resolves to its result. */
function resultOf(
  [program, ...args]: readonly [string, ...string[]],
  { env, input = '' }: RunOptions,
  answer?: { readonly when: RegExp; readonly text: string },
): Promise<Result> {
  const child = spawn(program, args, { env: environment(env), stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  let isAnswered = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    // Answers when the question appears, as a person does.
    if (answer === undefined || isAnswered || !answer.when.test(stdout)) return;
    isAnswered = true;
    child.stdin.write(answer.text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {}); // The command may end before it has read its input.
  if (answer === undefined) child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Runs the built command without a terminal. */
export function andamio(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return resultOf([process.execPath, main, ...args], options);
}

/** Runs a shell command in which `$ANDAMIO` is the built command. */
export function inShell(command: string, { env, ...options }: RunOptions = {}): Promise<Result> {
  const variables = { ...env, ANDAMIO: `${process.execPath} ${main}` };
  return resultOf(['bash', '-o', 'pipefail', '-c', command], { ...options, env: variables });
}

/**
 * Runs the built command in a pseudoterminal and answers its question. The result's output contains
 * both standard output and standard error.
 */
export function onTerminal(
  args: string,
  answer: { readonly when: RegExp; readonly text: string },
  env: Variables = {},
): Promise<Result> {
  const command = `${process.execPath} ${main} ${args}`;
  return resultOf(
    ['script', '--quiet', '--return', '--command', command, '/dev/null'],
    { env },
    answer,
  );
}

/** Starts the built service with an empty store. It stops after the test file. */
export async function startService(settings: Variables = {}): Promise<TestProcess> {
  const service = await startProcess({ SQLITE_PATH: ':memory:', ...settings });
  endWithFile(() => service.stop());
  return service;
}
