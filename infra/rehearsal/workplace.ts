import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathWithLanguageHost } from './tools.ts';

const repository = join(import.meta.dirname, '../..');

/** A folder with a copy of this repository, as somebody has it who has just cloned it, and what is needed around it. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  readonly clone = join(this.folder, 'clone');
  readonly environment: Record<string, string>;

  constructor(environment: Readonly<Record<string, string>>) {
    const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
    });
    for (const path of listed.split('\n').filter((path) => existsSync(join(repository, path)) && path))
      cpSync(join(repository, path), join(this.clone, path));
    const state = join(this.folder, 'state');
    mkdirSync(state);
    this.environment = {
      ...(process.env as Record<string, string>),
      PATH: pathWithLanguageHost(this.folder),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: 'a passphrase for the rehearsal',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      ...environment,
    };
  }

  /** Runs a command in the clone, and shows what it prints. @returns that, and whether it succeeded */
  async try(command: string): Promise<{ readonly succeeded: boolean; readonly printed: string }> {
    process.stdout.write(`$ ${command}\n`);
    const child = spawn('bash', ['-c', command], {
      cwd: this.clone,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk;
        process.stdout.write(chunk);
      });
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { succeeded: code === 0, printed };
  }

  /** Runs a command that must succeed. @returns what it printed */
  async run(command: string): Promise<string> {
    const { succeeded, printed } = await this.try(command);
    if (!succeeded) throw new Error(`This should have succeeded: ${command}`);
    return printed;
  }

  /** Runs a command that must fail. @returns what it printed */
  async refused(command: string): Promise<string> {
    const { succeeded, printed } = await this.try(command);
    if (succeeded) throw new Error(`This should have been refused: ${command}`);
    return printed;
  }

  /** A value among the secrets of a stack, for whoever plays the issuer. */
  secret(stack: string, key: string): string {
    const args = ['config', 'get', key, '--stack', stack];
    return execFileSync('pulumi', args, {
      cwd: join(this.clone, 'infra'),
      env: this.environment,
      encoding: 'utf8',
    }).trim();
  }

  output(stack: string, name: string): string {
    const args = ['stack', 'output', name, '--stack', stack];
    return execFileSync('pulumi', args, {
      cwd: join(this.clone, 'infra'),
      env: this.environment,
      encoding: 'utf8',
    }).trim();
  }

  read(...path: string[]): string {
    return readFileSync(join(this.folder, ...path), 'utf8');
  }
}
