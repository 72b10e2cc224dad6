import { buffer } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';
import { makeKey } from '@andamio/schema/key-format';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { client, good } from '../test/harness/controlled-ask.ts';
import { firestoreWay } from './firestore/way.ts';
import { limitHere } from './limits/limit.ts';
import type { Way } from './outcome.ts';
import { invalidKey, Refusal } from './refusal.ts';
import { type Answer, notAnswered } from './source.ts';
import { verifyWay } from './verify/way.ts';

const clock = { now: 5_000 };
const now = () => clock.now;
const service = { counts: true, ask: async () => good(), close: async () => {} };
const database = { ...service, counts: false };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Whether anything still refers to a string that is the text. The test itself has bytes alone, which are no string. */
async function isInMemory(text: Buffer): Promise<boolean> {
  // The engine keeps the text that a pattern matched last, whosever it was, until another one matches.
  /^/.test('');
  return (await buffer(getHeapSnapshot())).includes(text);
}

test.each<[string, () => Way]>([
  ['the service', () => verifyWay({ service, closeWithin: 1_000, now })],
  ['Firestore', () => firestoreWay({ database, limit: limitHere, service, closeWithin: 1_000, now })],
  ['Firestore alone', () => firestoreWay({ database, limit: limitHere, service: undefined, closeWithin: 1_000, now })],
])('a key is in memory while it is known and until its usage is told, and no longer: by %s', async (_, createWay) => {
  const way = createWay();
  const key = Buffer.from(makeKey());
  for (let sent = 0; sent < 3; sent++) await way.check(key.toString(), client);
  expect(await isInMemory(key)).toBe(true);
  for (let second = 0; second < 40; second++) {
    clock.now += 1_000;
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(await isInMemory(key)).toBe(false);
  await way.close();
});

test('a key that is refused is in memory for two seconds at most', async () => {
  const ask = async () => ({ kind: 'refused', refusal: invalidKey }) as const;
  const way = verifyWay({ service: { ...service, ask }, closeWithin: 1_000, now });
  const key = Buffer.from(makeKey());
  expect(await way.check(key.toString(), client)).toBe(invalidKey);
  expect(await isInMemory(key)).toBe(true);
  clock.now += 2_000;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await isInMemory(key)).toBe(false);
  await way.close();
});

test.each([
  ['told', good()],
  ['cannot be told', notAnswered('down')],
])('no key is in memory once the guard is closed: its use is %s', async (_, last) => {
  const answers: Answer[] = [good(), last];
  const ask = async () => answers.shift() ?? last;
  const way = verifyWay({ service: { ...service, ask }, closeWithin: 1_000, now });
  const key = Buffer.from(makeKey());
  for (let sent = 0; sent < 3; sent++) await way.check(key.toString(), client);
  await way.close(); // With a report, whose answer is of the key too.
  expect(answers).toEqual([]);
  expect(await isInMemory(key)).toBe(false);
  expect(await way.check(makeKey(), client)).toBeInstanceOf(Refusal);
});
