import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack, run } from '@andamio/testing/packed';
import { temporaryFolder } from './cli.ts';

/** A folder in which the packed command is installed. */
export interface Installed {
  readonly folder: string;
  /** Path of the tarball. */
  readonly tarball: string;
}

/**
 * Packs the command as it is published, and installs it with npm into an empty folder, without
 * network access. The folder is removed after the test file.
 */
export async function installPacked(): Promise<Installed> {
  const folder = temporaryFolder();
  const tarball = await pack('cli', join(folder, 'packed'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const cache = ['--offline', '--cache', join(folder, 'cache')];
  await run(folder, 'npm', ['install', ...cache, '--no-audit', '--no-fund', tarball]);
  return { folder, tarball };
}
