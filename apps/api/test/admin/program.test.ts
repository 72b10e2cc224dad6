import { processPepper, startProcess } from '@andamio/testing/service-process';
import { newKey } from '@andamio/testing/service-requests';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { spawnAdmin, storeKinds, storeOf } from '../harness/admin.ts';

test.each(storeKinds)(
  'admin.js on %s revokes the key on a pipe, which a running service then refuses, and prints no secret',
  async (kind) => {
    const settings = { KEY_PEPPERS: `test:${processPepper}`, ...storeOf(kind).settings };
    const service = await startProcess({ ...settings, VERIFY_CACHE_SECONDS: '1' });
    onTestFinished(() => service.signal('SIGKILL'));
    const key = await newKey(service.url, 'alice');
    const verify = async () => {
      const headers = { 'x-api-key': key };
      return (await fetch(`${service.url}/api/v1/apikey/verify`, { headers })).status;
    };
    expect(await verify()).toBe(200);

    const run = (...args: string[]) => spawnAdmin([...args, '--key-stdin'], settings, key).result;
    const shown = await run('show');
    expect(shown.stdout).toMatch(/^user +alice\nname +MyFirstKey\nstate +active\n/);
    const revoked = await run('revoke', '--by', 'olga', '--json');
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      outcome: 'revoked',
      keys: [{ user_id: 'alice', name: 'MyFirstKey' }],
    });
    await waitFor('the key to be refused', async () => (await verify()) === 401);

    const printed = JSON.stringify([shown, revoked]);
    for (const secret of [key, key.slice(8), processPepper]) expect(printed).not.toContain(secret);
    for (const { code, stderr } of [shown, revoked])
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^Working on .*\.\n$/)]);
  },
);
