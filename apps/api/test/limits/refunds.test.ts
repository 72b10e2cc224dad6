import type { IncomingMessage } from 'node:http';
import type { FoundKey } from '@andamio/keys/model';
import type { KeyVerifier } from '@andamio/verification/verify-key';
import { expect, onTestFinished, test } from 'vitest';
import type { Principal } from '../../src/auth/principal.ts';
import { counterKey } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { createAuthentication } from '../../src/http/authenticate.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import { limitGuesses } from '../../src/http/limits/device-logins.ts';
import { addressKey, limitAddresses, RequestCount } from '../../src/http/limits/limit.ts';
import { startApp } from '../harness/app.ts';
import { githubKey, sendAlerts, startGithub } from '../harness/github.ts';

const address = '192.0.2.1';

let time = Date.UTC(2025, 7, 31);
const clock = { now: () => time, monotonicNow: () => time };

/** Creates counters in memory. Returns those that it has created, by name. */
function tracedCounters() {
  const created = new Map<string, MemoryCounters>();
  const createCounters = (name: string, window: number) => {
    const counters = new MemoryCounters(clock, window);
    created.set(name, counters);
    return counters;
  };
  return { createCounters, created };
}

/** Lets a window of the given length end, and counts a request in the next one. */
async function nextWindow(seconds: number, count: () => unknown): Promise<void> {
  time += seconds * 1000;
  await count();
}

function start(wasValid: boolean) {
  const { createCounters } = tracedCounters();
  const addressLimit = limitAddresses(600, { createCounters, clock });
  const countNext = () => nextWindow(60, () => addressLimit.counters.increment(address));
  const authentication = createAuthentication({
    addressLimit,
    isGuard: () => false,
    async verifyToken() {
      await countNext();
      return { userId: 'user' } as Principal;
    },
    verifier: {
      cached: () => undefined,
      wasValid: () => wasValid,
      async verify() {
        await countNext();
        return { found: {} as FoundKey, millisecondsLeft: 0 };
      },
    } as unknown as KeyVerifier<FoundKey>,
  });
  return { authentication, counted: () => addressLimit.counters.get(address) };
}

const exchange = (headers: IncomingMessage['headers']) =>
  ({
    request: {
      headers,
      headersDistinct: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, [value]]),
      ),
    },
    address,
  }) as unknown as Exchange;

test.each([
  ['a token', 'user', false, { authorization: 'Bearer token' }],
  ['an unknown key', 'key', false, { 'x-api-key': 'a-key' }],
  ['a known key', 'key', true, { 'x-api-key': 'a-key' }],
] as const)(
  'a request with %s that is verified in the next window is not refunded there',
  async (_, kind, wasValid, headers) => {
    const { authentication, counted } = start(wasValid);
    await authentication[kind](exchange(headers), new RequestCount());
    expect(await counted()).toMatchObject({ totalHits: 1 });
  },
);

test('a right user code that is found in the next window is not refunded there', async () => {
  const { createCounters, created } = tracedCounters();
  const limit = limitGuesses({ createCounters, clock });
  const counters = [...created.values()];
  const keys = [counterKey('user'), addressKey(address)];
  const totals = () => counters.map((one, index) => one.get(keys[index] as string)?.totalHits);
  const countNext = () => counters.map((one, index) => one.increment(keys[index] as string));
  await limit({ userId: 'user', address }, () => nextWindow(600, countNext));
  expect(totals()).toEqual([1, 1]);
});

test('an alert of GitHub that is verified in the next window is not refunded there', async () => {
  const key = githubKey();
  const github = await startGithub(key);
  onTestFinished(() => github.close());
  const { createCounters, created } = tracedCounters();
  const app = await startApp({ githubKeysUrl: github.url, ...clock, createCounters });
  onTestFinished(() => app.close());
  const local = addressKey('127.0.0.1');
  const countNext = () => created.get('address')?.increment(local);
  // The window ends while the service waits for GitHub's keys.
  const published = github.answer;
  github.answer = {
    toJSON() {
      void nextWindow(60, countNext);
      return published;
    },
  };
  expect(await sendAlerts(app.url, [], key)).toMatchObject({ status: 200 });
  expect(created.get('address')?.get(local)).toMatchObject({ totalHits: 1 });
});
