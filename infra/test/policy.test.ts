import { join } from 'node:path';
import { expect, test } from 'vitest';
import { remaining, type StackName } from './harness/settings.ts';
import {
  cloud,
  cloudFor,
  deployed,
  describeByDriver,
  engineAlone,
  refusal,
  stackOf,
} from './harness/stack.ts';

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

    test('refuses a production stack without protection, unless `--policy-pack` has no value', async () => {
      const stack = await stackOf(await cloud(), 'shared', { protect: 'false' });
      expect(await refusal(stack.preview({ policyPacks }))).toContain('production-protect');
      expect((await stack.preview({ policyPacks: [''] })).stdout).not.toContain('[mandatory]');
    });

    test('reports no violation in a stack whose service has another name', async () => {
      const google = await cloud();
      for (const name of ['jwt-secrets', 'key-peppers'])
        await google.addSecretVersion(`projects/my-project/secrets/my-keys-${name}`, 'a value');
      const stack = await stackOf(google, 'dev', { service: 'my-keys' });
      expect((await stack.preview({ policyPacks })).stdout).not.toContain('[mandatory]');
    });
  },
  engineAlone,
);
