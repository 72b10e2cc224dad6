import { cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { pack, run } from '@andamio/testing/packed';

/** A project in which the packed client is installed. */
export interface Consumer {
  readonly folder: string;
  /** Paths of the tarballs, by package. */
  readonly tarballs: { readonly client: string; readonly schema: string };
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
    await realpath(join(import.meta.dirname, '../../../schema/node_modules/zod')),
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
