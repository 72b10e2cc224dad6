import { cacheControlFor } from '@andamio/schema/guards';
import { makeKey } from '@andamio/schema/key-format';
import { createDigester } from '@andamio/verification/digest';
import { createKeyVerifier } from '@andamio/verification/verify-key';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { client } from '../../test/harness/controlled-ask.ts';
import type { KeySource } from '../key-source.ts';
import { Refusal } from '../refusal.ts';
import { readResponse } from './response.ts';
import { httpStrategy } from './strategy.ts';

/** The default and the minimum of VERIFY_CACHE_SECONDS, in milliseconds. */
const bounds = [10_000, 1_000];
/** Latencies of the store and the network in milliseconds. */
const latency = { store: 30, network: 20 };

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  }),
);
afterEach(() => vi.useRealTimers());

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Creates a guard in front of the service's real verifier. The store contains one key until the
 * test deletes it.
 */
function setUp(key: string, bound: number) {
  const beganAt = Date.now();
  const now = () => Date.now() - beganAt;
  const digester = createDigester({ version: 'a', subkey: new Uint8Array(32) });
  const state = { deleted: false, lookups: 0 };
  const verifier = createKeyVerifier({
    digesters: [digester],
    maximumAge: bound,
    now: Date.now,
    monotonicNow: now,
    async find() {
      const { deleted } = state; // The read sees the store as it is when the read starts.
      await after(latency.store);
      const record = {
        id: digester.digest(key),
        userId: 'ada',
        name: 'name',
        createdAt: 0,
        expiresAt: 4_000_000_000,
      };
      return deleted ? undefined : { record, tier: 'enterprise', suspended: false };
    },
  });
  const service: KeySource & { close(): Promise<void> } = {
    countsRequests: true,
    close: async () => {},
    async ask(asked) {
      state.lookups++;
      const startedAt = now();
      await after(latency.network);
      const verified = await verifier.verify(asked);
      const headers = {
        'x-error-code': 'invalid_key',
        'cache-control': cacheControlFor(verified?.millisecondsLeft ?? 0),
      };
      await after(latency.network);
      const body = {
        user_id: 'ada',
        name: 'name',
        tier: 'enterprise',
        created_at: '2025-08-31T23:59:59Z',
        expires_at: '2099-08-31T23:59:59Z',
      };
      if (verified === undefined)
        return readResponse({ status: 401, headers, body: {} }, startedAt);
      return readResponse(
        { status: 200, headers: { 'cache-control': headers['cache-control'] }, body },
        startedAt,
      );
    },
  };
  const strategy = httpStrategy({ service, closeWithin: 1_000, now });
  return { strategy, now, state };
}

test.each(bounds)(
  'only the first request with a key in use waits for a lookup, with a cache time of %i ms',
  async (bound) => {
    const key = makeKey();
    const { strategy, now, state } = setUp(key, bound);
    const first = Promise.resolve(strategy.check(key, client));
    await vi.advanceTimersByTimeAsync(200);
    expect(await first).not.toBeInstanceOf(Refusal);
    const waited: number[] = [];
    while (now() < 10 * bound) {
      if (strategy.check(key, client) instanceof Promise) waited.push(now());
      // The test sends 1,500 requests per minute, and 2,000 are allowed.
      await vi.advanceTimersByTimeAsync(40);
    }
    expect(waited).toEqual([]);
    // A refresh takes two lookups. The first makes the service read the key again.
    expect(state.lookups).toBeLessThanOrEqual(32);
  },
);

test.each(bounds)(
  'refuses a deleted key within the cache time of %i ms across both caches, whenever it is deleted',
  async (bound) => {
    for (let deletedAfter = bound / 10; deletedAfter < 2.5 * bound; deletedAfter += bound * 0.073) {
      const key = makeKey();
      const { strategy, now, state } = setUp(key, bound);
      let lastGood = 0;
      const send = async () => {
        const sentAt = now();
        if (!((await strategy.check(key, client)) instanceof Refusal))
          lastGood = Math.max(lastGood, sentAt);
      };
      while (now() < deletedAfter + bound + 1_000) {
        if (now() >= deletedAfter) state.deleted = true;
        void send();
        await vi.advanceTimersByTimeAsync(50);
      }
      expect(lastGood).toBeGreaterThanOrEqual(deletedAfter - 50);
      expect(lastGood - deletedAfter).toBeLessThan(bound);
    }
  },
);
