import { appendFileSync, chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildContextFiles } from '../src/service/build-context.ts';
import { repository } from './harness/scripts.ts';
import {
  changes,
  cloud,
  type Deployed,
  deployed,
  describeByDriver,
  moved,
  refusal,
  stackOf,
  temporaryFolder,
} from './harness/stack.ts';

const image = 'docker-build:index:Image';

/**
 * Creates a clone of the repository, as far as a stack needs it. Its files can be written by the
 * group, as with a umask of 002.
 */
function clone(): string {
  const folder = temporaryFolder();
  for (const path of buildContextFiles()) {
    cpSync(join(repository, path), join(folder, path));
    chmodSync(join(folder, path), 0o664);
  }
  const ignored = 'apps/api/Dockerfile.dockerignore';
  cpSync(join(repository, ignored), join(folder, ignored));
  for (const path of ['src', 'settings', 'package.json'])
    cpSync(join(repository, 'infra', path), join(folder, 'infra', path), { recursive: true });
  const packages = join(folder, 'infra/node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(repository, 'infra/node_modules')))
    if (!name.startsWith('.'))
      symlinkSync(join(repository, 'infra/node_modules', name), join(packages, name));
  return folder;
}

/** Returns the tags of all images in the registries, sorted. */
async function tags({ google }: Deployed): Promise<string[]> {
  const built = (await google.resources()).filter(({ type }) => type === image);
  return built.flatMap(({ inputs }) => inputs['tags'] as string[]).sort();
}

describeByDriver('an image that `up` builds', () => {
  test('is not built again by another clone of the same source, even with another umask', async () => {
    const { stack } = await moved(await deployed('dev'), join(clone(), 'infra'));
    await stack.preview({ expectNoChanges: true });
    expect(changes((await stack.up()).summary)).toEqual({});
  });

  test('gets a tag of its own for each build, also when the source is as it was before', async () => {
    const folder = clone();
    const there = await moved(await deployed('dev'), join(folder, 'infra'));
    const before = await tags(there);
    expect(before).toHaveLength(1);
    const source = join(folder, 'apps/api/src/main.ts');
    appendFileSync(source, '// A change\n');
    await there.stack.up();
    cpSync(join(repository, 'apps/api/src/main.ts'), source);
    await there.stack.up();
    const after = await tags(there);
    expect([new Set(after).size, after]).toEqual([3, expect.arrayContaining(before)]);
  });
}, ['literal']);

describeByDriver('an `up` that is interrupted after it pushed an image', () => {
  test('is completed by the next one, which pushes under another tag', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ type: image, operation: 'create', kind: 'lost', times: 1 });
    expect(await refusal(stack.up())).toContain('connection reset');
    expect((await stack.up()).summary.result).toBe('succeeded');
    expect(new Set(await tags({ google, stack })).size).toBe(2);
  });
}, ['inline']);
