import { randomBytes } from 'node:crypto';
import { parseSettings as parseServiceSettings } from '@andamio/schema/settings';
import type { ServiceSecret } from '../../settings/service-variables.ts';
import { Failure } from './cli.ts';

export interface SecretVersion {
  readonly number: number;
  readonly enabled: boolean;
}

/** A secret in Secret Manager. */
export interface Vault {
  readonly id: string;
  readonly project: string;
  /** Creates the secret unless it exists. */
  create(): void;
  /** Returns the versions, newest first, or undefined if the secret does not exist. */
  versions(): SecretVersion[] | undefined;
  /** Returns the value of a version. */
  access(version: number): string;
  /**
   * Adds a version and returns its number. Each version's number is one higher than the previous
   * version's.
   */
  add(value: string): number;
  /** Disables a version, so that its value cannot be read until the version is enabled again. */
  disable(version: number): void;
}

/**
 * A secret of a stack: its versions in Secret Manager, and the version number that the stack's file
 * selects.
 */
export interface StackSecret {
  readonly stack: string;
  readonly secret: ServiceSecret;
  readonly vault: Vault;
  /** Returns the version number in the stack's file, or undefined if it is not set. */
  pinned(): number | undefined;
  /** Writes a version number to the stack's file. */
  pin(version: number): void;
  /**
   * Returns the version that all instances use, according to the outputs of the last update.
   *
   * @throws {Failure} while a release is in progress, because two versions may then be in use
   */
  deployed(): number | undefined;
}

const bytes = 32;
const newSecret = () => randomBytes(bytes).toString('base64url');

/**
 * Creates a pepper. Its version is the current date, with a letter appended if the version exists
 * already.
 */
function newPepper(taken: readonly string[]): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const names = ['', ...'bcdefghijklmnopqrstuvwxyz'].map((letter) => day + letter);
  const version = names.find((name) => !taken.includes(name));
  if (version === undefined)
    throw new Failure('The names for new peppers are used up for today. Try again tomorrow.');
  return `${version}:${randomBytes(bytes).toString('base64')}`;
}

const split = (line: string) => line.split(',');
const pepperName = (pepper: string) => pepper.slice(0, pepper.indexOf(':'));

/** Functions that generate the first value of each secret, by the secret's name. */
const firstValues: Readonly<Record<string, () => string>> = {
  'key-peppers': () => newPepper([]),
  'jwt-secrets': newSecret,
  'guard-secrets': newSecret,
};

/** One step of a rotation. The secret's value is a comma-separated list, which the step changes. */
interface Step {
  /** The secret's name. */
  readonly secret: string;
  /**
   * Returns the list after the step.
   *
   * @param deployed returns the list that all instances use
   * @throws {Failure} if the step is not possible
   */
  next(list: readonly string[], deployed: () => readonly string[]): string[];
  /** Instructions for the operator, printed after the step. */
  readonly after: string;
}

/**
 * Returns a list without one of its entries.
 *
 * @param noun what an entry is called in the error message
 * @throws {Failure} if the list has only one entry
 */
function without(list: readonly string[], index: number, noun: string): string[] {
  if (list.length < 2) throw new Failure(`The only ${noun} cannot be dropped.`);
  return list.toSpliced(index, 1);
}

/** The rotation steps, by command-line option. */
export const steps: Readonly<Record<string, Step>> = {
  '--add-pepper': {
    secret: 'key-peppers',
    next: (peppers) => [...peppers, newPepper(peppers.map(pepperName))],
    after:
      'After the next update, the service can verify keys with the new pepper. Then run --promote-pepper.',
  },
  '--promote-pepper': {
    secret: 'key-peppers',
    next(peppers, deployed) {
      const last = peppers.at(-1) as string;
      if (peppers.length < 2)
        throw new Failure('There is only one pepper. Run --add-pepper first.');
      // Instances without the new pepper would reject keys created under it.
      if (!deployed().includes(last)) {
        throw new Failure(
          `Pepper ${pepperName(last)} is not deployed to all instances yet. Run \`pulumi up\` first.`,
        );
      }
      return [last, ...peppers.slice(0, -1)];
    },
    after:
      'After the next update, the service creates keys with the new pepper. From then on, do not roll back to a version before --add-pepper.',
  },
  '--drop-pepper': {
    secret: 'key-peppers',
    next: (peppers) => without(peppers, -1, 'pepper'),
    after:
      'After the next update, the service rejects keys that were created with the last pepper.',
  },
  '--add-jwt-secret': {
    secret: 'jwt-secrets',
    next: (secrets) => [...secrets, newSecret()],
    after:
      'After the next update, the service accepts tokens that are signed with the new secret. Then switch the issuer to it.',
  },
  '--drop-jwt-secret': {
    secret: 'jwt-secrets',
    next: (secrets) => without(secrets, 0, 'JWT secret'),
    after:
      'After the next update, the service rejects tokens that are signed with the first secret.',
  },
  '--add-guard-secret': {
    secret: 'guard-secrets',
    next: (secrets) => [...secrets, newSecret()],
    after:
      'After the next update, the service accepts the new secret from guards. Then switch the guards to it.',
  },
  '--drop-guard-secret': {
    secret: 'guard-secrets',
    next: (secrets) => without(secrets, 0, 'guard secret'),
    after: 'After the next update, guards that send the first secret are limited by IP address.',
  },
};

/**
 * Reports whether two results of a step are equal, ignoring the values of new entries. New entries
 * are random and therefore interchangeable.
 */
function isSameStep(
  before: readonly string[],
  next: readonly string[],
  other: readonly string[],
): boolean {
  const known = (list: readonly string[]) =>
    list.map((entry) => (before.includes(entry) ? entry : 'new')).join();
  return known(next) === known(other);
}

/**
 * Adds a version to a secret and writes its number to the stack's file.
 *
 * @param newest number of the newest version; 0 if the secret has none
 * @throws {Failure} if another run added a version at the same time. The new version's number is
 * then not `newest + 1`. The other run's version stays in use, and the new version is disabled.
 */
function addAndPin({ secret, vault, pin }: StackSecret, value: string, newest: number): void {
  const parsed = parseServiceSettings({ [secret.variable]: value });
  if (!parsed.ok)
    throw new Error(parsed.problems.map(({ name, rule }) => `${name} ${rule}`).join('\n'));
  const version = vault.add(value);
  if (version === newest + 1) {
    pin(version);
    return;
  }
  vault.disable(version);
  throw new Failure(
    `Another run changed the secret ${vault.id} at the same time. Version ${version} of this run is disabled, and ` +
      `${secret.versionKey} is unchanged. Run the command again.`,
  );
}

/**
 * Creates the first version of a secret. If an interrupted run has created one, uses that version.
 */
export function ensure(of: StackSecret): void {
  const { secret, vault } = of;
  const pinned = of.pinned();
  const versions = vault.versions();
  if (pinned !== undefined) {
    if (versions?.some(({ number, enabled }) => number === pinned && enabled)) return;
    throw new Failure(
      `${secret.versionKey} refers to version ${pinned} of the secret ${vault.id}, which is missing or disabled. ` +
        `To list the versions, run: gcloud secrets versions list ${vault.id} --project=${vault.project}`,
    );
  }
  const present = versions?.find(({ enabled }) => enabled);
  if (present) {
    of.pin(present.number);
    return;
  }
  if (versions !== undefined && versions.length > 0) {
    throw new Failure(
      `All versions of the secret ${vault.id} are disabled. To enable one, run: ` +
        `gcloud secrets versions enable VERSION --secret=${vault.id} --project=${vault.project}`,
    );
  }
  if (versions === undefined) vault.create();
  addAndPin(of, (firstValues[secret.name] as () => string)(), 0);
}

/**
 * Performs a rotation step, starting from the version in the stack's file.
 *
 * The secret may already have a newer version. Either an interrupted run created it, or another
 * operator did, whose change to the stack's file is not merged here yet. If the newer version
 * equals the result of the step, the stack's file is set to it.
 *
 * @throws {Failure} if the newer version differs from the result. The step does not replace it,
 * because a pepper in it may be in use.
 */
export function take(of: StackSecret, option: string): void {
  const { stack, secret, vault } = of;
  const step = steps[option] as Step;
  const pinned = of.pinned();
  if (pinned === undefined) {
    // Guard secrets are optional, so the first rotation step creates the secret.
    if (option === '--add-guard-secret') {
      ensure(of);
      return;
    }
    throw new Failure(
      `${secret.versionKey} is not set. Run: npx -y pnpm@12 secrets:generate ${stack}`,
    );
  }
  const versions = vault.versions() ?? [];
  const before = split(vault.access(pinned));
  const next = step.next(before, () => {
    const deployed = of.deployed();
    return deployed === undefined ? [] : split(vault.access(deployed));
  });
  const newer = versions.find(({ number, enabled }) => enabled && number > pinned);
  if (newer === undefined) {
    addAndPin(of, next.join(','), versions[0]?.number ?? pinned);
    return;
  }
  if (isSameStep(before, next, split(vault.access(newer.number)))) {
    of.pin(newer.number);
    return;
  }
  throw new Failure(
    [
      `${secret.versionKey} refers to version ${pinned} of the secret ${vault.id}, but version ${newer.number} exists and differs from the ` +
        `result of ${option}. If a colleague added version ${newer.number}, merge their change of the stack's file. If no stack uses it, ` +
        'disable it:',
      `  gcloud secrets versions disable ${newer.number} --secret=${vault.id} --project=${vault.project}`,
    ].join('\n'),
  );
}
