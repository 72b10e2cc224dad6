import { spawnSync } from 'node:child_process';
import { Failure, startProblem } from './cli.ts';
import type { SecretVersion, Vault } from './secret-rotation.ts';

/** Period during which a destroyed version can be restored. */
const versionDestroyTtl = `${7 * 86_400}s`;

/**
 * A secret in Secret Manager. It is accessed through the Google Cloud CLI, as the signed-in
 * account. Values pass only through standard input and output, never through an argument, the
 * environment or a file.
 */
export class ManagedSecret implements Vault {
  readonly id: string;
  readonly project: string;

  constructor(project: string, id: string) {
    this.project = project;
    this.id = id;
  }

  create(): void {
    const options = [
      '--replication-policy=automatic',
      `--version-destroy-ttl=${versionDestroyTtl}`,
    ];
    const { ok, error } = this.#gcloud(['create', this.id, ...options]);
    if (!ok && !error.includes('ALREADY_EXISTS')) throw this.#failure('created', error);
  }

  versions(): SecretVersion[] | undefined {
    const { ok, output, error } = this.#gcloud([
      'versions',
      'list',
      this.id,
      '--format=json(name,state)',
    ]);
    if (!ok && error.includes('NOT_FOUND')) return undefined;
    if (!ok) throw this.#failure('read', error);
    return (JSON.parse(output) as { readonly name: string; readonly state: string }[])
      .map(({ name, state }) => ({ number: numberOf(name), enabled: state === 'ENABLED' }))
      .sort((a, b) => b.number - a.number);
  }

  access(version: number): string {
    const { ok, output, error } = this.#gcloud([
      'versions',
      'access',
      String(version),
      `--secret=${this.id}`,
    ]);
    if (!ok) throw this.#failure(`read in version ${version}`, error);
    return output;
  }

  add(value: string): number {
    const { ok, output, error } = this.#gcloud(
      ['versions', 'add', this.id, '--data-file=-', '--format=value(name)'],
      value,
    );
    if (!ok) throw this.#failure('given a new version', error);
    return numberOf(output.trim());
  }

  disable(version: number): void {
    const { ok, error } = this.#gcloud([
      'versions',
      'disable',
      String(version),
      `--secret=${this.id}`,
    ]);
    if (!ok) throw this.#failure(`disabled in version ${version}`, error);
  }

  #gcloud(args: readonly string[], input = ''): { ok: boolean; output: string; error: string } {
    const { status, stdout, stderr, error } = spawnSync(
      'gcloud',
      ['secrets', ...args, `--project=${this.project}`],
      {
        encoding: 'utf8',
        input,
        // With file logging, the CLI would write secret values to its log files.
        env: {
          ...process.env,
          CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
          CLOUDSDK_CORE_DISABLE_FILE_LOGGING: 'true',
        },
      },
    );
    if (error) throw new Failure(startProblem('gcloud', error));
    return { ok: status === 0, output: stdout, error: stderr };
  }

  #failure(done: string, error: string): Failure {
    return new Failure(
      `The secret ${this.id} of ${this.project} could not be ${done}.\n${error.trim()}`,
    );
  }
}

/** Returns the number N from a version name such as `projects/P/secrets/S/versions/N`. */
const numberOf = (name: string) => Number(name.slice(name.lastIndexOf('/') + 1));
