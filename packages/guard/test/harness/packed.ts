import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { manifestOf, pack, run } from '@andamio/testing/packed';

/** Packages that the README's examples use in addition to the guard's dependencies. */
const frameworks = ['@hono/node-server', '@types/express', 'express', 'fastify', 'hono'];

/** A project in which the packed guard is installed. */
export interface Consumer {
  readonly folder: string;
  /** Path of the guard's tarball. */
  readonly tarball: string;
}

/**
 * Unpacks the guard, packed as for publication, into a project. The project is removed after the
 * test file. The dependencies that the tarball states are linked from this repository, so that the
 * tests need no network. Optional peer dependencies that the examples do not use are absent.
 */
export async function installPacked(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-consumer-'));
  endWithFile(() => rm(folder, { recursive: true, force: true }));
  const tarball = await pack('guard', join(folder, 'packed'));
  const target = join(folder, 'node_modules/@andamio/guard');
  await mkdir(target, { recursive: true });
  await run(folder, 'tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
  const { dependencies = {} } = await manifestOf(tarball);
  for (const name of [...Object.keys(dependencies), ...frameworks]) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(await realpath(join(import.meta.dirname, '../../node_modules', name)), link);
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  return { folder, tarball };
}
