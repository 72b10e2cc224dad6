import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository, from which the image is built. */
export const repositoryRoot = join(import.meta.dirname, '../../..');

/** Path of the image's Dockerfile, relative to {@link repositoryRoot}. */
export const dockerfile = 'apps/api/Dockerfile';

/**
 * Returns the files from which the image is built, sorted: the Dockerfile, and the files that its
 * ignore file allows. The ignore file excludes everything. Its lines that begin with `!` then allow
 * individual files and folders. Tests are not part of the image.
 */
export function buildContextFiles(): string[] {
  const rules = readFileSync(join(repositoryRoot, `${dockerfile}.dockerignore`), 'utf8');
  const allowed = rules.split('\n').flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));
  return globSync([dockerfile, ...allowed, ...allowed.map((path) => `${path}/**`)], {
    cwd: repositoryRoot,
  })
    .filter((path) => !path.endsWith('.test.ts'))
    .filter((path) => statSync(join(repositoryRoot, path)).isFile())
    .sort();
}

/** Returns a hash of the files of the build context. The hash is the same on every machine. */
export function buildContextHash(): string {
  const hash = createHash('sha256');
  for (const path of buildContextFiles()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(repositoryRoot, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 20);
}
