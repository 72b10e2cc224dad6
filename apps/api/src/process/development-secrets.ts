import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pepper } from '@andamio/schema/settings';
import { SettingsError } from '../settings-error.ts';

/** Where development keeps the secrets that it generates, below the working directory; ignored by git. */
const folder = '.data';

/** Bytes of a generated secret, and the fewest that a kept one may have (RFC 7518 section 3.2). */
const secretLength = 32;

/** What to do about a file that holds no usable secret. */
const waysOut = {
  'jwt-secret': 'Delete the file to generate a new secret, which makes existing tokens invalid, or set JWT_SECRETS.',
  'key-pepper': 'Delete the file to generate a new pepper, which makes existing keys invalid, or set KEY_PEPPERS.',
} as const;

type SecretName = keyof typeof waysOut;

function read(name: SecretName): Buffer | undefined {
  const path = join(folder, name);
  let kept: Buffer;
  try {
    kept = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new SettingsError(`${path} cannot be read (${code}). ${waysOut[name]}`);
  }
  if (kept.length >= secretLength) return kept;
  const rule = `must hold at least ${secretLength} bytes, but has ${kept.length}`;
  throw new SettingsError(`${path} ${rule}. ${waysOut[name]}`);
}

function generate(name: SecretName): void {
  const path = join(folder, name);
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(secretLength), { mode: 0o600, flush: true });
    try {
      linkSync(draft, path); // Whole or not at all, and only for the first.
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new SettingsError(`${path} cannot be written (${code}). ${waysOut[name]}`);
  }
}

/** Returns random bytes that stay the same from start to start, also when two processes generate them at the same moment. */
function keptSecret(name: SecretName): Buffer {
  const kept = read(name);
  if (kept !== undefined) return kept;
  generate(name);
  const generated = read(name);
  if (generated === undefined) throw new SettingsError(`${join(folder, name)} cannot be read. ${waysOut[name]}`);
  return generated;
}

/**
 * Returns the secret that signs tokens in development.
 *
 * @throws {@link SettingsError}
 */
export function developmentJwtSecret(): string {
  return keptSecret('jwt-secret').toString('base64url');
}

/**
 * Returns the pepper that keys are digested under in development.
 *
 * @throws {@link SettingsError}
 */
export function developmentPepper(): Pepper {
  return { version: 'dev', secret: keptSecret('key-pepper') };
}

/**
 * Returns the pepper of {@link developmentPepper} if it has been generated here.
 *
 * @throws {@link SettingsError}
 */
export function existingDevelopmentPepper(): Pepper | undefined {
  const secret = read('key-pepper');
  return secret && { version: 'dev', secret };
}
