import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { pack, run } from '@andamio/testing/packed';

/** A project in which the packed client is installed. */
export interface Consumer {
  readonly folder: string;
  /** Path of the tarball. */
  readonly tarball: string;
}

/**
 * Packs the client in the same way as for publication. Installs the tarball with npm into an empty
 * project, without network access. The project is removed when the test file ends.
 */
export async function installPacked(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-consumer-'));
  endWithFile(() => rm(folder, { recursive: true, force: true }));
  const tarball = await pack('client', join(folder, 'packed'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const cache = ['--offline', '--cache', join(folder, 'cache')];
  await run(folder, 'npm', ['install', ...cache, '--no-audit', '--no-fund', tarball]);
  return { folder, tarball };
}
