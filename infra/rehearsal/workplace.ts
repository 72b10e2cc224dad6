import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './report.ts';
import { pathWithLanguageHost } from './tools.ts';

const repository = join(import.meta.dirname, '../..');

/** A clone of this repository as it stands, uncommitted changes included, and the environment of the person who works in it. */
export class Workplace {
  readonly folder: string;
  readonly clone: string;
  readonly environment: Record<string, string>;
  readonly #report: Report;

  /** @param folder takes the clone and the state of the stacks */
  constructor(folder: string, report: Report, environment: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.clone = join(folder, 'clone');
    this.#report = report;
    const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
    });
    for (const path of listed.split('\n').filter((path) => path && existsSync(join(repository, path))))
      cpSync(join(repository, path), join(this.clone, path));
    const state = join(folder, 'state');
    mkdirSync(state);
    this.environment = {
      ...(process.env as Record<string, string>),
      PATH: pathWithLanguageHost(folder),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      // npx asks the registry for the newest pnpm 12 each time; the one that started the rehearsal will do.
      npm_config_prefer_offline: 'true',
      ...environment,
    };
  }

  /** Returns somebody who types commands in the clone. @param track names them in the report */
  typist(track: string, environment: Readonly<Record<string, string>> = {}): Typist {
    return new Typist(this.clone, { ...this.environment, ...environment }, this.#report, track);
  }

  /** Builds the service that the images hold, where the checkout is: what was built already is not built again. */
  async build(): Promise<void> {
    const typist = new Typist(repository, this.environment, this.#report, '');
    await typist.step('Build the service', () => typist.run('npx -y pnpm@12 build --filter=@andamio/api'));
  }

  read(...path: string[]): string {
    return readFileSync(join(this.folder, ...path), 'utf8');
  }
}

/** A person or a pipeline's job: runs commands, one after another, and takes steps. */
export class Typist {
  readonly environment: Record<string, string>;
  readonly #folder: string;
  readonly #report: Report;
  readonly #track: string;

  /** @param folder where the commands run @param track names this typist in the report */
  constructor(folder: string, environment: Readonly<Record<string, string>>, report: Report, track: string) {
    this.environment = { ...environment };
    this.#folder = folder;
    this.#report = report;
    this.#track = track;
  }

  /** Takes a step; the report shows its title and time. */
  step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    return this.#report.step(this.#track, title, work);
  }

  /** Runs a command that must succeed. @returns what it printed */
  async run(command: string): Promise<string> {
    const { succeeded, printed } = await this.#try(command);
    if (!succeeded) throw new Error(`This command should have succeeded:\n$ ${command}\n${lastLines(printed)}`);
    return printed;
  }

  /** Runs a command that must fail. @returns what it printed */
  async refused(command: string): Promise<string> {
    const { succeeded, printed } = await this.#try(command);
    if (succeeded) throw new Error(`This command should have failed:\n$ ${command}\n${lastLines(printed)}`);
    return printed;
  }

  /** Returns an output of a stack. */
  output(stack: string, name: string): string {
    return this.#pulumi('stack', 'output', name, '--stack', stack);
  }

  /** Returns the first version of a secret in Secret Manager. */
  secret(project: string, id: string): string {
    const args = ['secrets', 'versions', 'access', '1', `--secret=${id}`, `--project=${project}`];
    return execFileSync('gcloud', args, { env: this.environment, encoding: 'utf8' });
  }

  #pulumi(...args: readonly string[]): string {
    const cwd = join(this.#folder, 'infra');
    const env = { ...this.environment, PULUMI_CONFIG_PASSPHRASE: '' };
    return execFileSync('pulumi', args, { cwd, env, encoding: 'utf8' }).trim();
  }

  async #try(command: string): Promise<{ readonly succeeded: boolean; readonly printed: string }> {
    const write = this.#report.writer(this.#track);
    write(`$ ${command}\n`);
    const child = spawn('bash', ['-c', command], {
      cwd: this.#folder,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-25).join('\n');
