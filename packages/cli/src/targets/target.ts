import { usageError } from '../exit-code.ts';
import { envFile } from './env-file.ts';
import { gcpSecret } from './gcp-secret.ts';

/** A target that has been checked, so that storing a key in it is expected to succeed. */
interface PreparedTarget {
  /**
   * Stores a key.
   *
   * @throws {@link CliError} if that fails.
   */
  store(key: string): Promise<void>;
  /** Releases what the check reserved. Always called last, whether or not a key was stored. */
  release(): Promise<void>;
}

/** A place in which a new key is stored instead of being printed. */
export interface Target {
  /** The value of `--to` that names the target. */
  readonly name: string;
  /**
   * Checks the target. Called before a key is created, because a key that cannot be stored is lost.
   *
   * @throws {@link CliError} if a key could not be stored.
   */
  prepare(environment: NodeJS.ProcessEnv): Promise<PreparedTarget>;
}

/** The option `--to`, which names a target. */
export const targetOption = {
  to: {
    type: 'string',
    value: 'TARGET',
    help: 'Store the key, instead of printing it: env:FILE or gcp-secret:PROJECT/NAME.',
  },
} as const;

/** Lines that describe the targets in the help of a command. */
export const targetHelp = [
  '--to env:FILE sets ANT_API_KEY in a file of variables and keeps its other lines. Except on',
  'Windows, the file gets mode 0600. --to gcp-secret:PROJECT/NAME adds a version to a secret of',
  'Google Secret Manager, as the account of gcloud. Targets are checked before the key is created.',
];

/**
 * Parses the value of `--to`.
 *
 * @throws {@link CliError} if it names no target.
 */
export function targetOf(value: string | undefined): Target | undefined {
  if (value === undefined) return undefined;
  const [, kind, place = ''] = /^([a-z-]+):(.+)$/s.exec(value) ?? [];
  if (kind === 'env') return envFile(value, place);
  const [, project, secret] = /^([\w.:-]{1,100})\/([\w-]{1,255})$/.exec(place) ?? [];
  if (kind === 'gcp-secret' && project !== undefined && secret !== undefined)
    return gcpSecret(value, project, secret);
  throw usageError('--to must be env:FILE or gcp-secret:PROJECT/NAME.');
}
