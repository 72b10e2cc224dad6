import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pepper, Settings } from '@andamio/schema/settings';
import { SettingsError } from '../settings.ts';

/** Folder of generated development secrets, relative to the working directory. Git ignores it. */
const folder = '.data';

/**
 * Length of a generated secret in bytes, which is also the minimum length of a stored one (RFC 7518
 * section 3.2).
 */
const secretLength = 32;

/** Remedies for a file that contains no usable secret. */
const remedies = {
  'jwt-secret':
    'Delete the file to generate a new secret, which makes existing tokens invalid, or set JWT_SECRETS.',
  'key-pepper':
    'Delete the file to generate a new pepper, which makes existing keys invalid, or set KEY_PEPPERS.',
} as const;

type SecretName = keyof typeof remedies;

function read(name: SecretName): Buffer | undefined {
  const path = join(folder, name);
  let secret: Buffer;
  try {
    secret = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new SettingsError(`${path} cannot be read (${code}). ${remedies[name]}`);
  }
  if (secret.length >= secretLength) return secret;
  const rule = `must contain at least ${secretLength} bytes, but has ${secret.length}`;
  throw new SettingsError(`${path} ${rule}. ${remedies[name]}`);
}

function generate(name: SecretName): void {
  const path = join(folder, name);
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(secretLength), { mode: 0o600, flush: true });
    try {
      // Atomic. Fails with EEXIST if another process has already created the file.
      linkSync(draft, path);
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new SettingsError(`${path} cannot be written (${code}). ${remedies[name]}`);
  }
}

/**
 * Returns the secret in a file, and generates the secret if there is no such file. Processes that
 * start at the same time get the same secret.
 */
function readOrGenerate(name: SecretName): Buffer {
  const existing = read(name);
  if (existing !== undefined) return existing;
  generate(name);
  const generated = read(name);
  if (generated === undefined)
    throw new SettingsError(`${join(folder, name)} cannot be read. ${remedies[name]}`);
  return generated;
}

/** Returns the development pepper, whose secret is in the file `key-pepper`. */
const pepperOf = (secret: Buffer): Pepper => ({ version: 'dev', secret });

/** Settings with all secrets. Secrets that are omitted in development are generated. */
export interface CompleteSettings extends Settings {
  readonly jwt: Settings['jwt'] & { readonly keys: NonNullable<Settings['jwt']['keys']> };
  readonly peppers: NonNullable<Settings['peppers']>;
}

/**
 * Returns the settings with all secrets. Generates the secrets that are omitted. Only settings for
 * development may omit secrets.
 *
 * @throws {@link SettingsError}
 */
export function completeSettings(settings: Settings): CompleteSettings {
  const jwtSecret = () => readOrGenerate('jwt-secret').toString('base64url');
  return {
    ...settings,
    jwt: {
      ...settings.jwt,
      keys: settings.jwt.keys ?? { kind: 'secrets', secrets: [jwtSecret()] },
    },
    peppers: settings.peppers ?? [pepperOf(readOrGenerate('key-pepper'))],
  };
}

/**
 * Returns the generated pepper if the working directory has one. Never generates a pepper.
 *
 * @throws {@link SettingsError}
 */
export function existingDevelopmentPepper(): Pepper | undefined {
  const secret = read('key-pepper');
  return secret && pepperOf(secret);
}
