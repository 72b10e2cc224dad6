import type { KeyId } from '@andamio/verification/digest';
import { expect, test } from 'vitest';
import { pacedLookups } from './paced-lookups.ts';
import { StoreUnavailableError } from './store.ts';

const ids = ['id' as KeyId];
const maximumAge = 10_000;

function start() {
  const state = { elapsed: 0, duration: 0, failure: undefined as Error | undefined, lookups: 0 };
  const find = pacedLookups(
    async () => {
      state.lookups++;
      state.elapsed += state.duration;
      if (state.failure !== undefined) throw state.failure;
      return undefined;
    },
    { maximumAge, monotonicNow: () => state.elapsed },
  );
  /** Looks a key up several times, and returns how many of these lookups reached the store. */
  async function lookUp(times: number): Promise<number> {
    const before = state.lookups;
    for (let time = 0; time < times; time++) await find(ids).catch(() => {});
    return state.lookups - before;
  }
  return { state, find, lookUp };
}

test('a successful lookup ends the pace', async () => {
  const { state, lookUp } = start();
  state.failure = new StoreUnavailableError('down');
  expect(await lookUp(20)).toBe(10);
  state.elapsed += 100;
  state.failure = undefined;
  expect(await lookUp(20)).toBe(20);
});

test('a lookup that is not started fails with the cause of the last one', async () => {
  const { state, find, lookUp } = start();
  state.failure = new StoreUnavailableError('down');
  await lookUp(10);
  await expect(find(ids)).rejects.toMatchObject({
    name: 'StoreUnavailableError',
    cause: state.failure,
  });
});

test('fewer than ten failed lookups in a row do not slow down others', async () => {
  const { state, lookUp } = start();
  for (let round = 0; round < 3; round++) {
    state.failure = new StoreUnavailableError('slow');
    expect(await lookUp(9)).toBe(9);
    state.failure = undefined;
    expect(await lookUp(1)).toBe(1);
  }
});

test('lookups whose results are too old count as failed', async () => {
  const { state, lookUp } = start();
  state.duration = maximumAge;
  expect(await lookUp(10)).toBe(10);
  state.duration = 0;
  state.elapsed -= maximumAge; // As if the lookups had been concurrent.
  expect(await lookUp(10)).toBe(0);
});

test('unexpected errors do not slow down other lookups', async () => {
  const { state, lookUp } = start();
  state.failure = new TypeError('a fault');
  expect(await lookUp(20)).toBe(20);
});
