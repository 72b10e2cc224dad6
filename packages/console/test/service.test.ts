import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createConnection, type GetToken, SignedOut } from '../src/account/service.ts';

/**
 * Starts a service that lists no keys and accepts only one token. Returns its base URL.
 *
 * @param headers further headers of each answer.
 */
async function startService(
  accepted: string,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Promise<string> {
  const server = createServer((request, response) => {
    const isAccepted = request.headers.authorization === `Bearer ${accepted}`;
    const answer = isAccepted
      ? { keys: [], next_page_token: null }
      : { details: 'The token has expired.', message: 'Unauthorized', statusCode: 401 };
    response
      .writeHead(isAccepted ? 200 : 401, {
        'content-type': 'application/json',
        ...headers(),
        ...(!isAccepted && { 'x-error-code': 'unauthenticated' }),
      })
      .end(JSON.stringify(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a rejected request asks for a new token although another request waits for the cached one', async () => {
  const asked: boolean[] = [];
  const askedAgain = Promise.withResolvers<void>();
  const getToken = async ({ refresh }: { readonly refresh: boolean }) => {
    asked.push(refresh);
    if (refresh) askedAgain.resolve();
    // The second request waits for its token until the first one was rejected.
    if (asked.length === 2) await askedAgain.promise;
    return refresh ? 'new' : 'old';
  };
  const { call } = createConnection(await startService('new'), () => getToken, {
    onOtherUser: () => {},
  });
  const rejected = call((client) => client.listApiKeys());
  await setImmediate();
  const waiting = call((client) => client.listApiKeys());
  const answers = await Promise.all([rejected, waiting]);
  expect(answers.map(({ keys }) => keys)).toEqual([[], []]);
  expect(asked).toEqual([false, false, true, true]);
});

/** Returns a token of a user. Nothing verifies its signature. */
const tokenOf = (sub: string) => `header.${btoa(JSON.stringify({ iss: 'test', sub }))}.signature`;

test.each<[string, () => Promise<string | null>]>([
  ['rejects', () => Promise.reject(new Error('stale'))],
  ['returns no token', async () => null],
  ["returns another user's token", async () => tokenOf('other')],
])('a replaced getToken that %s after all has no effect', async (_, answer) => {
  const own = tokenOf('own');
  const pending = Promise.withResolvers<void>();
  let getToken: GetToken = async () => own;
  const onOtherUser = vi.fn();
  const { call, checkToken } = createConnection(await startService(own), () => getToken, {
    onOtherUser,
  });
  await call((client) => client.listApiKeys());
  getToken = async () => {
    await pending.promise;
    return answer();
  };
  const listed = call((client) => client.listApiKeys());
  getToken = async () => own;
  expect(await checkToken()).toBe(false);
  pending.resolve();
  expect((await listed).keys).toEqual([]);
  expect(onOtherUser).not.toHaveBeenCalled();
});

test('a getToken that replaces another is asked at once, and the newest one counts', async () => {
  let getToken: GetToken = async () => null;
  const onOtherUser = vi.fn();
  const { call, checkToken } = createConnection(
    await startService(tokenOf('own')),
    () => getToken,
    { onOtherUser },
  );
  await expect(call((client) => client.listApiKeys())).rejects.toThrow(SignedOut);
  const pending = Promise.withResolvers<string>();
  getToken = () => pending.promise;
  const checked = checkToken();
  getToken = async () => tokenOf('other');
  expect(await checkToken()).toBe(false);
  pending.resolve(tokenOf('own'));
  expect(await checked).toBe(true);
  expect(onOtherUser).toHaveBeenCalledOnce();
});

test('a new token of the same user is reported, and the first and unchanged tokens are not', async () => {
  let token = tokenOf('own');
  const onNewToken = vi.fn();
  const { call } = createConnection(
    await startService(`${tokenOf('own')}2`),
    () => async () => token,
    { onNewToken, onOtherUser: () => {} },
  );
  const list = () => call((client) => client.listApiKeys());
  await expect(list()).rejects.toThrow(SignedOut);
  expect(onNewToken).not.toHaveBeenCalled();
  token += '2';
  await list();
  await list();
  expect(onNewToken).toHaveBeenCalledOnce();
});

test('the time is that of the service, and a difference of up to three seconds is ignored', async () => {
  let ahead = 0;
  const url = await startService('token', () => {
    const end = Math.ceil(Date.now() / 1000) + ahead + 37;
    return { 'x-ratelimit-reset': `${end}`, ratelimit: '"user"; r=9; t=37' };
  });
  const { call, now } = createConnection(url, () => async () => 'token', {
    onOtherUser: () => {},
  });
  const secondsAhead = async () => {
    await call((client) => client.listApiKeys());
    return (now() - Date.now()) / 1000;
  };
  expect(await secondsAhead()).toBe(0);
  for (const [seconds, expected] of [
    [2, 0],
    [-259_200, -259_200],
    [-259_199, -259_200],
    [3_600, 3_600],
    [0, 0],
  ] as const) {
    ahead = seconds;
    expect(Math.abs((await secondsAhead()) - expected)).toBeLessThan(2);
  }
});

test.each([
  ['has no headers about a rate limit', {}],
  ['has an invalid time', { 'x-ratelimit-reset': 'soon', ratelimit: '"user"; r=9; t=37' }],
  ['has only one of the headers', { 'x-ratelimit-reset': '1' }],
])('the time is that of the browser if an answer %s', async (_, headers) => {
  const url = await startService('token', () => headers);
  const { call, now } = createConnection(url, () => async () => 'token', {
    onOtherUser: () => {},
  });
  await call((client) => client.listApiKeys());
  expect(Math.abs(now() - Date.now())).toBeLessThan(1_000);
});
