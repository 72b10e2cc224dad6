import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { deployed, refusal, stackOf } from './harness/stack.ts';

describe.skipIf(!engineIsHere)('tear-down', () => {
  test('deletes all resources of a service except the subnetwork that Cloud Run holds, which the next run deletes', async () => {
    const { google } = await deployed('shared');
    const before = (await google.resources()).length;
    const stack = await stackOf(google, 'prod', { protect: 'false' });
    await stack.up();
    expect(await refusal(stack.destroy({ continueOnError: true }))).toContain('serverless-ipv4');
    const left = (await google.resources()).slice(before).map(({ type }) => type.split(':').at(-1));
    expect(left.sort()).toEqual(['Network', 'Subnetwork']);
    await google.pass(7200);
    await stack.destroy();
    expect(await google.resources()).toHaveLength(before);
  });
});
