import { buffer } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';
import { makeKey } from '@andamio/schema/key-format';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { client, valid } from '../test/harness/controlled-ask.ts';
import { firestoreStrategy } from './firestore/strategy.ts';
import { httpStrategy } from './http/strategy.ts';
import { type Answer, unavailableAnswer } from './key-source.ts';
import { limitInMemory } from './limits/limit.ts';
import type { Strategy } from './outcome.ts';
import { invalidKey, Refusal } from './refusal.ts';

const clock = { now: 5_000 };
const now = () => clock.now;
const service = { countsRequests: true, ask: async () => valid(), close: async () => {} };
const database = { ...service, countsRequests: false };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/**
 * Reports whether a string with this text is reachable in the heap. The test itself stores the text
 * only as bytes.
 */
async function isInMemory(text: Buffer): Promise<boolean> {
  // V8 keeps a reference to the input of the last regular expression match. Another match replaces
  // it.
  /^/.test('');
  return (await buffer(getHeapSnapshot())).includes(text);
}

test.each<[string, () => Strategy]>([
  ['the service', () => httpStrategy({ service, closeWithin: 1_000, now })],
  [
    'Firestore',
    () => firestoreStrategy({ database, limit: limitInMemory, service, closeWithin: 1_000, now }),
  ],
  [
    'Firestore alone',
    () =>
      firestoreStrategy({
        database,
        limit: limitInMemory,
        service: undefined,
        closeWithin: 1_000,
        now,
      }),
  ],
])(
  'a key is in memory only while it is cached and until its usage is reported: %s',
  async (_, createStrategy) => {
    const strategy = createStrategy();
    const key = Buffer.from(makeKey());
    for (let sent = 0; sent < 3; sent++) await strategy.check(key.toString(), client);
    expect(await isInMemory(key)).toBe(true);
    for (let second = 0; second < 40; second++) {
      clock.now += 1_000;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(await isInMemory(key)).toBe(false);
    await strategy.close();
  },
);

test('a refused key is in memory for at most two seconds', async () => {
  const ask = async () => ({ kind: 'refused', refusal: invalidKey }) as const;
  const strategy = httpStrategy({ service: { ...service, ask }, closeWithin: 1_000, now });
  const key = Buffer.from(makeKey());
  expect(await strategy.check(key.toString(), client)).toBe(invalidKey);
  expect(await isInMemory(key)).toBe(true);
  clock.now += 2_000;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await isInMemory(key)).toBe(false);
  await strategy.close();
});

test.each([
  ['reported', valid()],
  ['not reported', unavailableAnswer('down')],
])('no key is in memory after the guard is closed: its usage is %s', async (_, last) => {
  const answers: Answer[] = [valid(), last];
  const ask = async () => answers.shift() ?? last;
  const strategy = httpStrategy({ service: { ...service, ask }, closeWithin: 1_000, now });
  const key = Buffer.from(makeKey());
  for (let sent = 0; sent < 3; sent++) await strategy.check(key.toString(), client);
  await strategy.close(); // Sends the last usage report.
  expect(answers).toEqual([]);
  expect(await isInMemory(key)).toBe(false);
  expect(await strategy.check(makeKey(), client)).toBeInstanceOf(Refusal);
});
