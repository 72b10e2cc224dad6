import { join } from 'node:path';
import { expect, test } from 'vitest';
import { remaining, type StackName } from './harness/settings.ts';
import { cloud, deployed, describeByDriver, stackOf } from './harness/stack.ts';

const policyPacks = [join(import.meta.dirname, '../policy')];

describeByDriver('the policy pack, run by the engine', () => {
  test.each(Object.keys(remaining) as StackName[])(
    'finds nothing in %s, neither before it is there nor after',
    async (name) => {
      const google = await cloud();
      if (name === 'preprod' || name === 'prod') await deployed(google, 'shared');
      const stack = await stackOf(google, name);
      const before = await stack.preview({ policyPacks });
      expect(before.stdout).toMatch(/andamio.*@v/);
      expect(before.stdout).not.toContain('[mandatory]');
      await stack.up();
      expect((await stack.preview({ policyPacks })).stdout).not.toContain('[mandatory]');
    },
  );
});
