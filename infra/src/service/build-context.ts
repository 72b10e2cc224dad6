import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the Pulumi program, which is the working directory of its providers. */
const programFolder = join(import.meta.dirname, '../..');

/** The root of the repository, from which the image is built. */
export const repositoryRoot = join(programFolder, '..');

/** Path of the image's Dockerfile, relative to {@link repositoryRoot}. */
const dockerfile = 'apps/api/Dockerfile';

/** The folder of the copies that {@link buildContext} makes, relative to {@link programFolder}. */
const copies = 'node_modules/.cache/build-context';

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

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of files) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(repositoryRoot, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 20);
}

/** Copies files to a folder. All copies have the same mode, whatever the umask of the checkout. */
function copyFiles(files: readonly string[], folder: string): void {
  for (const path of files) {
    const copy = join(folder, path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(repositoryRoot, path), copy);
    chmodSync(copy, 0o644);
  }
}

/** Creates a folder at once, so that another process finds either all of its files or no folder. */
function createAtOnce(folder: string, fill: (draft: string) => void): void {
  const draft = mkdtempSync(`${folder}-`);
  fill(draft);
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another process created the folder first.
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The build context of the image. All of its properties are the same on every machine. */
export interface BuildContext {
  /** Hash of the paths and contents of all files. */
  readonly hash: string;
  /** Path of a folder with these files, relative to the working directory of the providers. */
  readonly location: string;
  /** Path of the Dockerfile in that folder, relative to the same directory. */
  readonly dockerfile: string;
}

/**
 * Copies the build context, and returns where the copy is. The provider of the image compares the
 * path of the context, and the content and mode of every file in it, with those of the last build:
 * https://github.com/pulumi/pulumi-docker-build/blob/main/provider/internal/context.go. Those of the
 * repository itself depend on where it was cloned and with which umask, and it also has files that
 * are not part of the image.
 */
export function buildContext(): BuildContext {
  const files = buildContextFiles();
  const hash = hashOf(files);
  const location = `${copies}/${hash}`;
  const folder = join(programFolder, location);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    createAtOnce(folder, (draft) => copyFiles(files, draft));
    const earlier = readdirSync(dirname(folder)).filter(
      (name) => /^[0-9a-f]+$/.test(name) && name !== hash,
    );
    for (const name of earlier) rmSync(join(dirname(folder), name), { recursive: true });
  }
  return { hash, location, dockerfile: `${location}/${dockerfile}` };
}
