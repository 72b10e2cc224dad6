import { relative, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createVitest } from 'vitest/node';
import { slowestFirst } from '../src/slowest-first.ts';

const root = resolve(import.meta.dirname, '..');

/** Returns the paths of this package's test files in the order of a sequencer. */
async function sorted(slowest: readonly string[]): Promise<string[]> {
  const vitest = await createVitest('test', { root, watch: false });
  onTestFinished(() => vitest.close());
  const Sequencer = slowestFirst(slowest);
  const files = await new Sequencer(vitest).sort(await vitest.globTestSpecifications());
  return files.map(({ moduleId }) => relative(root, moduleId));
}

test('starts the listed test files first, in their order', async () => {
  const slowest = ['test/workspace.test.ts', 'test/decisions.test.ts'];
  const files = await sorted(slowest);
  expect(files.slice(0, 2)).toEqual(slowest);
  expect(files).toContain('test/listing.test.ts');
});

test('fails the run if a listed test file does not exist', async () => {
  await expect(sorted(['test/workspace.test.ts', 'test/renamed.test.ts'])).rejects.toThrow(
    /names files that do not exist: \S+\/test\/renamed\.test\.ts\.$/,
  );
});
