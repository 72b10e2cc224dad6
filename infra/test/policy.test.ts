import { join } from 'node:path';
import { expect, test } from 'vitest';
import { remaining, type StackName } from './harness/settings.ts';
import { cloudFor, deployed, describeByDriver, engineAlone, stackOf } from './harness/stack.ts';

const policyPacks = [join(import.meta.dirname, '../policy')];

async function expectNoViolations(name: StackName): Promise<void> {
  const empty = await stackOf(await cloudFor(name), name);
  const before = await empty.preview({ policyPacks });
  expect(before.stdout).toMatch(/andamio.*@v/);
  expect(before.stdout).not.toContain('[mandatory]');
  const { stack } = await deployed(name);
  expect((await stack.preview({ policyPacks })).stdout).not.toContain('[mandatory]');
}

describeByDriver(
  'the policy pack, run by the engine',
  () => {
    test.each(Object.keys(remaining) as StackName[])(
      'reports no violation in %s, before and after its deployment',
      expectNoViolations,
    );
  },
  engineAlone,
);
