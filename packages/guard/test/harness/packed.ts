import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { pack, run } from '@andamio/testing/packed';

/**
 * Dependencies that the test projects need, by the package whose node_modules folder contains them.
 */
const dependencies = {
  guard: ['@types/express', 'express', 'express-rate-limit', 'lru-cache', 'undici'],
  verification: ['dataloader', 'zod'],
};

/** A project in which the packed guard is installed. */
export interface Consumer {
  readonly folder: string;
  /** Path of the guard's tarball. */
  readonly tarball: string;
}

/**
 * Unpacks the guard and its workspace dependencies, packed as for publication, into a project. The
 * project is removed after the test file. Other packages are linked from this repository so that
 * the tests need no network.
 */
export async function installPacked(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-consumer-'));
  endWithFile(() => rm(folder, { recursive: true, force: true }));
  const tarballs: Record<string, string> = {};
  for (const name of ['schema', 'verification', 'guard']) {
    tarballs[name] = await pack(name, join(folder, `packed-${name}`));
    const target = join(folder, 'node_modules/@andamio', name);
    await mkdir(target, { recursive: true });
    await run(folder, 'tar', ['-xzf', tarballs[name], '--strip-components=1', '-C', target]);
  }
  for (const [dependent, names] of Object.entries(dependencies)) {
    for (const name of names) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(
        await realpath(join(import.meta.dirname, '../../..', dependent, 'node_modules', name)),
        link,
      );
    }
  }
  return { folder, tarball: tarballs['guard'] as string };
}
