import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Report } from './report.ts';
import { pathWithLanguageHost } from './tools.ts';

const repository = join(import.meta.dirname, '../../..');
const execute = promisify(execFile);

/**
 * A clone of this repository, including uncommitted changes, and the environment in which commands
 * run in it.
 */
export class Workplace {
  readonly folder: string;
  readonly clone: string;
  readonly environment: Record<string, string>;
  readonly #report: Report;

  /** @param folder the folder for the clone and for the state of the stacks */
  constructor(folder: string, report: Report) {
    this.folder = folder;
    this.clone = join(folder, 'clone');
    this.#report = report;
    const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
    });
    for (const path of listed
      .split('\n')
      .filter((path) => path && existsSync(join(repository, path))))
      cpSync(join(repository, path), join(this.clone, path));
    const state = join(folder, 'state');
    mkdirSync(state);
    this.environment = {
      ...(process.env as Record<string, string>),
      PATH: pathWithLanguageHost(folder),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      // The engine is attached to the fake Google and needs no downloaded providers.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      // Every command loads Google's SDK. This cache avoids compiling the SDK each time.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    };
  }

  /**
   * Returns a {@link Typist} that runs commands in the clone.
   *
   * @param track the typist's name in the report
   */
  typist(track: string, environment: Readonly<Record<string, string>> = {}): Typist {
    return new Typist(this.clone, { ...this.environment, ...environment }, this.#report, track);
  }

  /**
   * Builds the service's bundle, from which images are made. The build runs in the original
   * checkout, where the results of earlier builds can be reused.
   */
  async build(): Promise<void> {
    const typist = new Typist(repository, this.environment, this.#report, '');
    await typist.step('Build the service', () =>
      typist.run('npx -y pnpm@12 build --filter=@andamio/api'),
    );
  }
}

/** Runs the commands of one person or pipeline job, one after another, grouped in steps. */
export class Typist {
  readonly environment: Record<string, string>;
  readonly #folder: string;
  readonly #report: Report;
  readonly #track: string;

  /**
   * @param folder the working directory of the commands
   * @param track the typist's name in the report
   */
  constructor(
    folder: string,
    environment: Readonly<Record<string, string>>,
    report: Report,
    track: string,
  ) {
    this.environment = { ...environment };
    this.#folder = folder;
    this.#report = report;
    this.#track = track;
  }

  /** Runs a step. The report shows its title and duration. */
  step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    return this.#report.step(this.#track, title, work);
  }

  /**
   * Runs a command that is expected to succeed.
   *
   * @returns the command's output
   * @throws if the command fails
   */
  async run(command: string): Promise<string> {
    const { succeeded, printed } = await this.try(command);
    if (!succeeded)
      throw new Error(`This command should have succeeded:\n$ ${command}\n${lastLines(printed)}`);
    return printed;
  }

  /**
   * Runs a command that is expected to fail.
   *
   * @param killed the signal that kills the command
   * @returns the command's output
   * @throws if the command succeeds
   */
  async refused(command: string, killed?: AbortSignal): Promise<string> {
    const { succeeded, printed } = await this.try(command, killed);
    if (succeeded)
      throw new Error(`This command should have failed:\n$ ${command}\n${lastLines(printed)}`);
    return printed;
  }

  /**
   * Runs `npx -y pnpm@12 pulumi` on a stack, which is expected to succeed. Starts the script
   * directly, to save the time of npx and pnpm.
   *
   * @returns the command's output
   */
  pulumi(args: string, stack: string): Promise<string> {
    return this.run(`'${process.execPath}' infra/scripts/pulumi.ts ${args} --stack ${stack}`);
  }

  /** Reads an output from the state of a stack. Rejects if the stack has no such output. */
  async output(stack: string, name: string): Promise<string> {
    const { stdout } = await execute('pulumi', ['stack', 'output', name, '--stack', stack], {
      cwd: join(this.#folder, 'infra'),
      env: { ...this.environment, PULUMI_CONFIG_PASSPHRASE: '' },
    });
    return stdout.trim();
  }

  /**
   * Runs a command.
   *
   * @param killed the signal that kills the command and its child processes
   * @returns its output, and true if it succeeded
   */
  async try(
    command: string,
    killed?: AbortSignal,
  ): Promise<{ readonly succeeded: boolean; readonly printed: string }> {
    const write = this.#report.writer(this.#track);
    write(`$ ${command}\n`);
    const child = spawn(
      'bash',
      ['-c', `TIMEFORMAT='%R s, of the processor %U s and %S s'; time { ${command}; }`],
      {
        cwd: this.#folder,
        env: this.environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        // The command gets its own process group, so that all of it can be killed.
        detached: true,
      },
    );
    killed?.addEventListener('abort', () => process.kill(-(child.pid as number), 'SIGKILL'));
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk;
        write(chunk.toString());
      });
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    write();
    return { succeeded: code === 0, printed };
  }
}

/**
 * Asserts that an update changed, created and deleted nothing.
 *
 * @param printed Pulumi's output of the update
 */
export function assertUnchanged(printed: string): void {
  assert.ok(
    /^Resources:\n +\d+ unchanged$/m.test(printed),
    `This update should have changed nothing:\n${lastLines(printed)}`,
  );
}

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-25).join('\n');
