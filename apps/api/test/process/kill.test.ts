import { DatabaseSync } from 'node:sqlite';
import { processPepper, startProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { expect, test } from 'vitest';
import { temporaryFile } from '../harness/stores.ts';

const rounds = 50;
const owners = 8;

test(`loses no issued key and exceeds no maximum when killed at ${rounds} random moments`, async () => {
  const path = temporaryFile();
  const received: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const service = await startProcess({ SQLITE_PATH: path });
    let running = true;
    void service.exited.then(() => {
      running = false;
    });
    const client = async (owner: number) => {
      for (let index = 0; running; index++) {
        // Half of the owners have a tier with a small maximum number of keys, and half have a tier
        // without a maximum.
        const token = tokenFor(`owner ${owner}`, {
          tier: owner % 2 === 0 ? 'growth' : 'enterprise',
        });
        const answer = await requestKey(
          service.url,
          { api_key_name: `${round}-${index}` },
          { token },
        ).catch(() => undefined);
        if (answer?.status === 200) received.push(answer.body['api_key'] as string);
      }
    };
    const clients = Array.from({ length: owners }, (_, owner) => client(owner));
    const enough = received.length + 1 + Math.floor(Math.random() * 20);
    await expect
      .poll(() => received.length >= enough || !running, { interval: 1, timeout: 30_000 })
      .toBe(true);
    service.signal('SIGKILL');
    await Promise.all(clients);
  }

  const database = new DatabaseSync(path, { readOnly: true });
  const stored = new Set(
    database
      .prepare('SELECT id FROM keys')
      .all()
      .map(({ id }) => id),
  );
  const { digest } = createDigester(
    digestKeyOf({ version: 'test', secret: Buffer.from(processPepper, 'base64') }),
  );
  expect(received.length).toBeGreaterThanOrEqual(rounds);
  expect(received.filter((key) => !stored.has(digest(key)))).toEqual([]);
  const counts = database
    .prepare('SELECT user_id, count(*) AS held FROM keys GROUP BY user_id')
    .all();
  for (const { user_id, held } of counts) {
    if (Number(String(user_id).slice(-1)) % 2 === 0) expect(held, String(user_id)).toBe(5);
  }
  database.close();
}, 180_000);
