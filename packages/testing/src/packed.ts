import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { endWithFile } from '../../../../apps/api/test/harness/end-with-file.ts';

const repository = resolve(import.meta.dirname, '../../../..');

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

/** A project in which the packed client is installed. */
export interface Consumer {
  readonly folder: string;
  /** Paths of the tarballs, by package. */
  readonly tarballs: { readonly client: string; readonly schema: string };
}

/** The pnpm that runs the tests, or else pnpm by npx. */
const [pnpm, ...pnpmArguments] = process.env['npm_config_user_agent']?.startsWith('pnpm')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** Packs a package as for publication. Returns the path of the tarball. */
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
 * Packs the client and the schema package as for publication, and installs them with npm into an
 * empty project. The project is removed after the test file. Their only dependency, zod, is copied
 * from this repository so that the tests need no network.
 */
export async function installPacked(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-consumer-'));
  endWithFile(() => rm(folder, { recursive: true, force: true }));
  const tarballs = {
    schema: await pack('schema', join(folder, 'packed-schema')),
    client: await pack('client', join(folder, 'packed-client')),
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // zod is copied because npm does not unpack the hard links that pnpm creates for identical files.
  await cp(
    await realpath(join(repository, 'packages/schema/node_modules/zod')),
    join(folder, 'zod'),
    {
      recursive: true,
    },
  );
  await run(folder, 'tar', ['-czf', 'zod.tgz', 'zod']);
  const flags = [
    '--offline',
    '--cache',
    join(folder, 'cache'),
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  await run(folder, 'npm', [
    'install',
    ...flags,
    tarballs.schema,
    tarballs.client,
    join(folder, 'zod.tgz'),
  ]);
  return { folder, tarballs };
}

/**
 * Type-checks a file of the project and the declarations of its libraries, under the given module
 * resolution.
 */
export function checkTypes(
  { folder }: Pick<Consumer, 'folder'>,
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
