import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pepper } from '@andamio/schema/settings';

/** Where development keeps what it generates, below the working directory; ignored by git. */
const folder = '.data';

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** 32 random bytes that stay the same from start to start, also when two processes make them at the same moment. */
function keptSecret(name: string): Buffer {
  const path = join(folder, name);
  const kept = read(path);
  if (kept !== undefined) return kept;

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, randomBytes(32), { mode: 0o600 });
  try {
    linkSync(draft, path); // Whole or not at all, and only for the first.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return readFileSync(path);
}

/** The secret that signs tokens in development. */
export function developmentJwtSecret(): string {
  return keptSecret('jwt-secret').toString('base64url');
}

/** The pepper that keys are digested under in development. */
export function developmentPepper(): Pepper {
  return { version: 'dev', secret: keptSecret('key-pepper') };
}

/** The pepper of {@link developmentPepper} if it has been generated here. */
export function existingDevelopmentPepper(): Pepper | undefined {
  const secret = read(join(folder, 'key-pepper'));
  return secret && { version: 'dev', secret };
}
