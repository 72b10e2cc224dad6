import { randomBytes } from 'node:crypto';
import { parseSettings as parseServiceSettings } from '@andamio/schema/settings';
import type { ServiceSecret } from '../../settings/service-variables.ts';
import { Failure, projectName } from './cli.ts';

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

const split = (line: string) => line.split(',');
const pepperName = (pepper: string) => pepper.slice(0, pepper.indexOf(':'));

/** The names that {@link newPepper} creates: a date, with a letter from the second of a day on. */
const generatedName = /^\d{8}[b-z]?$/;

/**
 * Creates a pepper. Its name is the current date, or the date in the newest generated name if that
 * is later, with a letter appended if necessary. In alphabetical order, it therefore comes after all
 * other generated names. {@link isUnpromoted} depends on this order.
 */
function newPepper(taken: readonly string[]): string {
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const newest =
    taken
      .filter((name) => generatedName.test(name))
      .sort()
      .at(-1) ?? '';
  const day = [today, newest.slice(0, 8)].sort().at(-1);
  const names = ['', ...'bcdefghijklmnopqrstuvwxyz'].map((letter) => day + letter);
  const name = names.find((each) => each > newest);
  if (name === undefined)
    throw new Failure(`All names for peppers of ${day} are used up. Try again on a later day.`);
  return `${name}:${randomBytes(bytes).toString('base64')}`;
}

/**
 * Reports whether the last pepper was added by --add-pepper and not promoted since: it is then the
 * newest one. After its promotion, the last pepper is older than the first.
 */
function isUnpromoted(peppers: readonly string[]): boolean {
  const names = peppers.map(pepperName);
  const last = names.pop() as string;
  return (
    names.length > 0 &&
    generatedName.test(last) &&
    names.every((name) => !generatedName.test(name) || name < last)
  );
}

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
  /** True if the step creates the secret when it is not set, because the secret is optional. */
  readonly creates?: boolean;
  /**
   * Returns the list after the step.
   *
   * @param list the list that all instances use
   * @param name the name of the entry to drop, if it is given
   * @throws {Failure} if the step is not possible, for example because it was already performed
   */
  next(list: readonly string[], name: string | undefined): string[];
  /** Instructions for the operator, printed after the step. */
  readonly after: string;
}

/**
 * Throws a {@link Failure} unless the last pepper was promoted. Until then, a repeated --add-pepper
 * would add a second pepper, and --drop-pepper could drop the new one.
 */
function requirePromotion(peppers: readonly string[]): void {
  if (!isUnpromoted(peppers)) return;
  throw new Failure(
    `Pepper ${pepperName(peppers.at(-1) as string)} was added and is not promoted yet. Run --promote-pepper first.`,
  );
}

/**
 * Returns the index of the pepper that --drop-pepper drops. With more than two peppers, it must be
 * named: a repeated command would otherwise drop a second one.
 */
function droppedPepper(peppers: readonly string[], name: string | undefined): number {
  const names = peppers.map(pepperName);
  const [first, ...others] = names;
  if (name !== undefined && !names.includes(name))
    throw new Failure(`There is no pepper ${name}. The peppers are: ${names.join(', ')}.`);
  if (others.length === 0) throw new Failure('The only pepper cannot be dropped.');
  if (name === first)
    throw new Failure(`Pepper ${name} cannot be dropped, because new keys are created with it.`);
  if (name === undefined && others.length > 1)
    throw new Failure(
      `There are several earlier peppers. Name one: --drop-pepper ${others.join(' | ')}`,
    );
  return names.indexOf(name ?? (others[0] as string));
}

/**
 * Returns the steps of a rotation of secrets that are all accepted. The step that adds a secret is
 * refused while there are two, so that repeating it adds no third one.
 *
 * @param noun what a secret is called in error messages
 * @param option the part of the command-line options after --add- and --drop-
 */
function addAndDrop(noun: string, option: string) {
  return {
    add(secrets: readonly string[]): string[] {
      if (secrets.length < 2) return [...secrets, newSecret()];
      throw new Failure(
        `There are already ${secrets.length} ${noun}s. Complete their rotation first: run --drop-${option}.`,
      );
    },
    drop(secrets: readonly string[]): string[] {
      if (secrets.length < 2) throw new Failure(`The only ${noun} cannot be dropped.`);
      return secrets.slice(1);
    },
  };
}

const jwtSecrets = addAndDrop('JWT secret', 'jwt-secret');
const guardSecrets = addAndDrop('guard secret', 'guard-secret');

/** The rotation steps, by command-line option. */
export const steps: Readonly<Record<string, Step>> = {
  '--add-pepper': {
    secret: 'key-peppers',
    next(peppers) {
      requirePromotion(peppers);
      return [...peppers, newPepper(peppers.map(pepperName))];
    },
    after:
      'After the next update, the service can verify keys with the new pepper. Then run --promote-pepper.',
  },
  '--promote-pepper': {
    secret: 'key-peppers',
    next(peppers) {
      if (peppers.length < 2)
        throw new Failure('There is only one pepper. Run --add-pepper first.');
      if (!isUnpromoted(peppers)) {
        throw new Failure(
          `Pepper ${pepperName(peppers[0] as string)} is already the first, and --add-pepper has added none since.`,
        );
      }
      return [peppers.at(-1) as string, ...peppers.slice(0, -1)];
    },
    after:
      'After the next update, the service creates keys with the new pepper. From then on, do not roll back to a version before --add-pepper.',
  },
  '--drop-pepper': {
    secret: 'key-peppers',
    next(peppers, name) {
      requirePromotion(peppers);
      return peppers.toSpliced(droppedPepper(peppers, name), 1);
    },
    after:
      'After the next update, the service rejects keys that were created with the dropped pepper.',
  },
  '--add-jwt-secret': {
    secret: 'jwt-secrets',
    next: jwtSecrets.add,
    after:
      'After the next update, the service accepts tokens that are signed with the new secret. Then switch the issuer to it.',
  },
  '--drop-jwt-secret': {
    secret: 'jwt-secrets',
    next: jwtSecrets.drop,
    after:
      'After the next update, the service rejects tokens that are signed with the first secret.',
  },
  '--add-guard-secret': {
    secret: 'guard-secrets',
    creates: true,
    next: guardSecrets.add,
    after:
      'After the next update, the service accepts the new secret from guards. Then switch the guards to it.',
  },
  '--drop-guard-secret': {
    secret: 'guard-secrets',
    next: guardSecrets.drop,
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
 * Returns the error about a version number that refers to no usable version of an existing secret.
 *
 * @param found the version, if it exists
 */
function unusableVersion(
  { secret, vault, stack }: StackSecret,
  pinned: number,
  found: SecretVersion | undefined,
): Failure {
  const reference = `${secret.versionKey} refers to version ${pinned} of the secret ${vault.id}, which`;
  const of = `--project=${vault.project}`;
  return new Failure(
    found === undefined
      ? [
          `${reference} does not exist. To list the versions and set one of them, run:`,
          `  gcloud secrets versions list ${vault.id} ${of}`,
          `  npx -y pnpm@12 pulumi config set ${projectName}:${secret.versionKey} VERSION --stack ${stack}`,
        ].join('\n')
      : `${reference} is disabled. To enable it, run: gcloud secrets versions enable ${pinned} --secret=${vault.id} ${of}`,
  );
}

/** Returns the error about a secret that the deployed service needs and that was deleted. */
function deletedInUse({ secret, vault, stack }: StackSecret): Failure {
  return new Failure(
    [
      `The secret ${vault.id} does not exist in project ${vault.project}, and the deployed service needs it. Google cannot restore it.`,
      'A new secret makes everything invalid that depends on the deleted one. To start with a new one, run:',
      `  npx -y pnpm@12 pulumi config rm ${projectName}:${secret.versionKey} --stack ${stack}`,
      `  npx -y pnpm@12 secrets:generate ${stack}`,
    ].join('\n'),
  );
}

/**
 * Creates the first version of a secret. If an interrupted run has created one, uses that version.
 * If the stack's file selects a version, checks that it is enabled. A secret that does not exist is
 * created again, unless the deployed service uses it: its number then comes from a service that was
 * torn down, or from another project.
 *
 * @returns a description of the result if the number in the stack's file was replaced
 * @throws {Failure} with the command that helps, if the selected version cannot be used
 */
export function ensure(of: StackSecret): string | undefined {
  const { secret, vault } = of;
  const pinned = of.pinned();
  const versions = vault.versions();
  if (pinned !== undefined && versions !== undefined) {
    const found = versions.find(({ number }) => number === pinned);
    if (!found?.enabled) throw unusableVersion(of, pinned, found);
    return undefined;
  }
  if (pinned !== undefined && of.deployed() !== undefined) throw deletedInUse(of);
  const present = versions?.find(({ enabled }) => enabled);
  if (present) {
    of.pin(present.number);
    return undefined;
  }
  if (versions !== undefined && versions.length > 0) {
    throw new Failure(
      `All versions of the secret ${vault.id} are disabled. To enable one, run: ` +
        `gcloud secrets versions enable VERSION --secret=${vault.id} --project=${vault.project}`,
    );
  }
  if (versions === undefined) vault.create();
  addAndPin(of, (firstValues[secret.name] as () => string)(), 0);
  return pinned === undefined
    ? undefined
    : `The secret ${vault.id} did not exist in project ${vault.project}. It is new, and ${secret.versionKey} refers to it.`;
}

/**
 * Reports whether a step from one list leads to another one. It does not if the step is not
 * possible.
 */
function leadsTo(
  step: Step,
  name: string | undefined,
  from: readonly string[],
  list: readonly string[],
): boolean {
  try {
    return isSameStep(from, step.next(from, name), list);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/**
 * Performs a rotation step, starting from the version in the stack's file, which must be deployed.
 * A step that was performed already and is not deployed yet is not repeated.
 *
 * The secret may already have a newer version. Either an interrupted run created it, or another
 * operator did, whose change to the stack's file is not merged here yet. If the newer version
 * equals the result of the step, the stack's file is set to it.
 *
 * @param name the name of the entry to drop, if it is given
 * @returns a description of the result if the step was performed already
 * @throws {Failure} if the version in the stack's file is not deployed
 * @throws {Failure} if the newer version differs from the result. The step does not replace it,
 * because a pepper in it may be in use.
 */
export function take(of: StackSecret, option: string, name?: string): string | undefined {
  const { stack, secret, vault } = of;
  const step = steps[option] as Step;
  const pinned = of.pinned();
  if (pinned === undefined) {
    if (!step.creates) {
      throw new Failure(
        `${secret.versionKey} is not set. Run: npx -y pnpm@12 secrets:generate ${stack}`,
      );
    }
    ensure(of);
    return undefined;
  }
  const versions = vault.versions();
  if (versions === undefined) {
    throw new Failure(
      `The secret ${vault.id} does not exist in project ${vault.project}. Run: npx -y pnpm@12 secrets:generate ${stack}`,
    );
  }
  const before = split(vault.access(pinned));
  const deployed = of.deployed();
  if (deployed === undefined || deployed < pinned) {
    const from = deployed === undefined ? [] : split(vault.access(deployed));
    if ((deployed !== undefined || step.creates) && leadsTo(step, name, from, before))
      return `Nothing was changed: version ${pinned} of the secret ${vault.id} is already the result of ${option}. It is not deployed yet.`;
    // A promoted pepper, for example, must be known to all instances before one of them uses it.
    throw new Failure(
      `Version ${pinned} of the secret ${vault.id} is not deployed to all instances yet. Run \`npx -y pnpm@12 pulumi up --stack ${stack}\` first.`,
    );
  }
  const newer = versions.find(({ number, enabled }) => enabled && number > pinned)?.number;
  if (newer === undefined && deployed === pinned) {
    addAndPin(of, step.next(before, name).join(','), versions[0]?.number ?? pinned);
    return undefined;
  }
  const other = newer ?? deployed;
  if (
    (deployed === pinned || deployed === newer) &&
    leadsTo(step, name, before, split(vault.access(other)))
  ) {
    of.pin(other);
    return undefined;
  }
  throw new Failure(
    [
      `${secret.versionKey} refers to version ${pinned} of the secret ${vault.id}, but version ${other} exists and differs from the ` +
        `result of ${option}. If a colleague added version ${other}, merge their change of the stack's file. If no stack uses it, ` +
        'disable it:',
      `  gcloud secrets versions disable ${other} --secret=${vault.id} --project=${vault.project}`,
    ].join('\n'),
  );
}
