import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const repository = resolve(import.meta.dirname, '../../..');

/**
 * Runs a program with a timeout of two minutes and returns its standard output. If the program
 * fails, the error contains the output.
 */
export async function run(
  folder: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
) {
  const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 120_000 };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    throw new Error(`${message}\n${stdout}`);
  }
}

/** The command that runs pnpm: the pnpm that started the tests, or otherwise `npx pnpm`. */
const [pnpm, ...pnpmArguments] = process.env['npm_config_user_agent']?.startsWith('pnpm')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** Packs a package as it would be published. Returns the path of the tarball. */
export async function pack(name: string, destination: string): Promise<string> {
  await mkdir(destination);
  await run(join(repository, 'packages', name), pnpm, [
    ...pnpmArguments,
    'pack',
    '--pack-destination',
    destination,
  ]);
  const [file] = await readdir(destination);
  return join(destination, file as string);
}

/** Returns the entries of a tarball, without the leading `package/`. */
export async function entriesOf(tarball: string): Promise<string[]> {
  const entries = (await run('.', 'tar', ['-tzf', tarball])).trim().split('\n');
  return entries.map((entry) => entry.replace(/^package\//, ''));
}

/** Returns the text of an entry of a tarball. */
export function textIn(tarball: string, entry: string): Promise<string> {
  return run('.', 'tar', ['-xzOf', tarball, `package/${entry}`]);
}

/** The fields of a published package.json that the tests read. */
export interface PublishedManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly repository: { readonly url: string; readonly directory: string };
  readonly engines: Readonly<Record<string, string>>;
  readonly publishConfig: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Returns the package.json of a tarball. */
export async function manifestOf(tarball: string): Promise<PublishedManifest> {
  return JSON.parse(await textIn(tarball, 'package.json')) as PublishedManifest;
}

/**
 * Returns the members of interfaces in a declaration file that have no documentation comment.
 * Members of type `never`, which exclude a combination of options, need none.
 */
export function undocumentedMembers(declarations: string): string[] {
  const lines = declarations.split('\n');
  return lines.filter(
    (line, index) =>
      /^ {2}\w[\w ?]*[:(].*[;{]$/.test(line) &&
      !/: never;$/.test(line) &&
      !lines[index - 1]?.endsWith('*/'),
  );
}

/**
 * Returns the source files that were bundled into the JavaScript of a tarball, according to its
 * source maps. Paths are relative to `packages/`.
 */
export async function bundledSources(name: string, tarball: string): Promise<string[]> {
  const maps = (await entriesOf(tarball)).filter((entry) => entry.endsWith('.map'));
  const texts = await Promise.all(maps.map((entry) => textIn(tarball, entry)));
  const sources = texts.flatMap((text) => (JSON.parse(text) as { sources: string[] }).sources);
  return [...new Set(sources.map((source) => join(name, 'dist', source)))].toSorted();
}

/**
 * Type-checks the given files in the folder of a project with the given module resolution. Also
 * checks the declarations of the project's libraries. A file with the extension `.cts` is a
 * CommonJS module.
 */
export function checkTypes(
  { folder }: { readonly folder: string },
  files: string | readonly string[],
  resolution: 'node16' | 'bundler',
) {
  const module = resolution === 'bundler' ? 'preserve' : resolution;
  const typeRoots = join(repository, 'packages/client/node_modules/@types');
  return run(folder, join(repository, 'node_modules/.bin/tsc'), [
    ...[
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
    ],
    ...[
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--types',
      'node',
      '--typeRoots',
      typeRoots,
      ...[files].flat(),
    ],
  ]);
}
