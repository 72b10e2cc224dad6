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

/** The command for pnpm: the pnpm that runs the tests, or else `npx pnpm`. */
const [pnpm, ...pnpmArguments] = process.env['npm_config_user_agent']?.startsWith('pnpm')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** Packs a package as if to publish it. Returns the path of the tarball. */
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

/**
 * Type-checks a file in the folder of a project and the declarations of its libraries, under the
 * given module resolution.
 */
export function checkTypes(
  { folder }: { readonly folder: string },
  file: string,
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
      file,
    ],
  ]);
}
