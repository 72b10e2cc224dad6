import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type KeyStore, StoreUnavailableError } from '@andamio/keys/store';
import { maximumRowsAtOnce } from '@andamio/keys/usage/read';
import { requestMessages } from '@andamio/schema/log-events';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { getDailyUsage, post } from '@andamio/testing/service-requests';
import { addition, command, day, present, year } from '@andamio/testing/store/commands';
import { withOperations } from '@andamio/testing/store/operations';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { sendAnswer } from '../../src/http/response/answer.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const days = year.toReversed();
const range = { start_date: days[0] as string, end_date: days.at(-1) as string };
const token = tokenFor('owner', { tier: 'enterprise', iat: present, exp: present + day });

/**
 * Starts a service with an owner whose keys were used on each day of a year, except on one.
 *
 * @param keys the number of keys.
 * @param failing a month whose usage cannot be read.
 * @param used the days on which the keys were used.
 */
async function start(
  keys: number,
  { failing = 'none', used = days.filter((one) => one !== '2025-03-15') } = {},
) {
  const store = withOperations(createSqliteStore(':memory:', () => present * 1000));
  const names = Array.from({ length: keys }, (_, index) => `"${index}" \u00e9`);
  for (const name of names)
    await store.issue(command({ name, tierClaim: { tier: 'enterprise', issuedAt: present } }));
  for (const [index, one] of used.entries())
    await store.addUsage(
      addition(Object.fromEntries(names.map((name) => [name, index + 1])), { day: one }),
    );
  const reads: (readonly string[])[] = [];
  const counting: KeyStore = {
    ...store,
    async readActivity(query) {
      reads.push(query.days);
      if (query.days.some((one) => one.startsWith(failing)))
        throw new StoreUnavailableError('The store is down.');
      return store.readActivity(query);
    },
  };
  const app = await startApp({ store: counting, now: () => present * 1000 });
  onTestFinished(() => app.close());
  const usage = used.flatMap((date, index) =>
    names.toSorted().map((name) => ({ date, api_key_name: name, requests: index + 1 })),
  );
  return { ...app, reads, usage };
}

test('daily usage with many rows is sent in parts, and one month is read at a time', async () => {
  const { url, reads, usage } = await start(Math.ceil((maximumRowsAtOnce + 1) / 366));
  const response = await fetch(`${url}/api/v1/user/usage/daily`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(range),
  });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-ratelimit-limit')).toBe('2000');
  expect(response.headers.get('content-length')).toBeNull();
  expect(await response.text()).toBe(JSON.stringify({ usage }));
  expect(reads.flat()).toEqual(days);
  for (const ofMonth of reads) expect(new Set(ofMonth.map((one) => one.slice(0, 7))).size).toBe(1);
});

test('daily usage with fewer rows is read and sent at once, with Content-Length', async () => {
  const { url, reads, usage } = await start(Math.floor(maximumRowsAtOnce / 366));
  const { body, headers } = await getDailyUsage(url, range, { token });
  expect(body).toEqual({ usage });
  expect(headers.get('content-length')).toBe(String(Buffer.byteLength(JSON.stringify({ usage }))));
  expect(reads).toEqual([days]);
});

test('daily usage of many keys that were never used has no rows', async () => {
  const { url, reads } = await start(30, { used: [] });
  expect((await getDailyUsage(url, range, { token })).body).toEqual({ usage: [] });
  expect(reads.flat()).toEqual(days);
});

test('daily usage responds with 500 if the first month cannot be read, and closes the connection if a later one cannot', async () => {
  const [first, later] = [
    await start(30, { failing: '2024-08' }),
    await start(30, { failing: '2025-02' }),
  ];
  expectError(await getDailyUsage(first.url, range, { token }), 500, 'store_unavailable');
  await expect(post(`${later.url}/api/v1/user/usage/daily`, range, { token })).rejects.toThrow(
    /terminated/,
  );
  await waitFor('the log line', () =>
    later.logged.some((line) => line.includes('"severity":"ERROR"')),
  );
  expect(later.logged.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({
      message: requestMessages.failed,
      err: expect.objectContaining({ message: 'The store is down.' }),
    }),
  );
});

/** Starts a server that answers with many parts. Counts those that it has produced. */
async function serveParts(count: number) {
  const state = { produced: 0, turns: 0, ended: false };
  async function* parts() {
    try {
      for (; state.produced < count; state.produced++) yield 'x'.repeat(100_000);
    } finally {
      state.ended = true;
    }
  }
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    void sendAnswer(response, { status: 200, headers: [], body: parts() });
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const answer = async () => {
    const [response] = await once(get({ port, host: '127.0.0.1' }), 'response');
    return response as IncomingMessage;
  };
  return { state, responses, answer };
}

test('a part is produced only when the client has read enough of the earlier ones', async () => {
  const total = 1_000;
  const { state, responses, answer } = await serveParts(total);
  const response = await answer();
  await waitFor('the connection to be full', () => responses[0]?.writableNeedDrain === true);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(responses[0]?.writableNeedDrain).toBe(true);
  expect(state.produced).toBeLessThan(total / 2);
  expect(responses[0]?.writableLength).toBeLessThan(300_000);
  let received = 0;
  for await (const chunk of response) received += chunk.length;
  expect(received).toBe(total * 100_000);
});

test('other requests take their turn between two parts', async () => {
  const { state, answer } = await serveParts(100);
  const response = await answer();
  const count = () => {
    state.turns++;
    if (!state.ended) setImmediate(count);
  };
  count();
  response.resume();
  await once(response, 'end');
  expect(state.turns).toBeGreaterThan(90);
});

test('no further parts are produced for a client that has disconnected', async () => {
  const { state, responses, answer } = await serveParts(1_000);
  const response = await answer();
  await waitFor('the connection to be full', () => responses[0]?.writableNeedDrain === true);
  response.destroy();
  await waitFor('the parts to end', () => state.ended);
  expect(state.produced).toBeLessThan(1_000);
});
