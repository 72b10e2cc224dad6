import { type SpawnOptions, spawn } from 'node:child_process';

interface ProgramOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Whether the program is a command for the system's shell. Default: false. */
  readonly shell?: boolean;
  /**
   * Whether the program is in a process group of its own, so that Ctrl+C on the terminal does not
   * end it. Default: false.
   */
  readonly detached?: boolean;
  /**
   * Text for standard input. Secrets are passed this way, because every user can see arguments.
   * With `inherit`, the program shares the standard input of this process. Default: empty.
   */
  readonly input?: string | { readonly inherit: true };
  /** Whether the program's standard error is shown to the user. Default: false. */
  readonly showErrors?: boolean;
  /**
   * The time, in milliseconds, after which the program is killed. By default, there is no limit.
   */
  readonly timeoutMs?: number;
}

/** The result of a program. */
interface ProgramResult {
  /** The exit code, the signal, or the error code if the program did not start. */
  readonly code: number | string;
  readonly stdout: string;
}

/** Runs a program. Resolves when the program has ended or could not be started. */
export function runProgram(
  program: string,
  args: readonly string[],
  {
    environment,
    shell = false,
    detached = false,
    input = '',
    showErrors = false,
    timeoutMs,
  }: ProgramOptions,
): Promise<ProgramResult> {
  const options: SpawnOptions = {
    env: environment,
    shell,
    detached,
    stdio: [
      typeof input === 'string' ? 'pipe' : 'inherit',
      'pipe',
      showErrors ? 'inherit' : 'ignore',
    ],
    // The option `timeout` keeps this process alive if the program does not start.
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  };
  const child = spawn(program, [...args], options);
  child.stdin?.on('error', () => {}); // A program that fails early does not read its input.
  if (typeof input === 'string') child.stdin?.end(input);
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve) => {
    const end = (code: number | string) => resolve({ code, stdout });
    child.once('error', ({ code }: NodeJS.ErrnoException) => end(code ?? 'unknown'));
    child.once('close', (code, signal) => end(code ?? signal ?? 'unknown'));
  });
}

/** Returns the environment for another program, without the user's token and key. */
export function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { ANDAMIO_TOKEN: _token, ANT_API_KEY: _key, ...others } = environment;
  return others;
}
