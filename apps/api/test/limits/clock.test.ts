import { startProcess } from '@andamio/testing/service-process';
import { newKey, requestKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { processClock } from '../harness/clock.ts';

const hour = 3_600;

describe('MemoryCounters', () => {
  /** Creates counters with clocks that the test controls. */
  function start() {
    const clock = { day: 1_800_000_000_000, monotonic: 5_000 };
    const counters = new MemoryCounters(
      { now: () => clock.day, monotonicNow: () => clock.monotonic },
      60_000,
    );
    const pass = (milliseconds: number) => {
      clock.day += milliseconds;
      clock.monotonic += milliseconds;
    };
    return { clock, counters, pass };
  }

  test.each([-hour, hour])(
    'MemoryCounters keeps its windows when the clock is set by %i s',
    (seconds) => {
      const { clock, counters, pass } = start();
      counters.increment('client');
      pass(20_000);
      clock.day += seconds * 1000;
      const counted = counters.increment('client');
      expect(counted.totalHits).toBe(2);
      expect(counted.resetTime.getTime() - clock.day).toBe(40_000);
      pass(40_000);
      expect(counters.increment('client').totalHits).toBe(1);
    },
  );

  test('MemoryCounters removes a counter at the end of its window', () => {
    const { counters, pass } = start();
    for (let index = 0; index < 1_000; index++) counters.increment(`${index}`);
    pass(60_000);
    for (let index = 0; index < 1_000; index++) expect(counters.get(`${index}`)).toBeUndefined();
  });

  test('MemoryCounters counts several requests at once, also in a window that has begun', () => {
    const { counters, pass } = start();
    expect(counters.increment('client', 5).totalHits).toBe(5);
    pass(59_999);
    expect(counters.increment('client', 7).totalHits).toBe(12);
    pass(1);
    expect(counters.get('client')).toBeUndefined();
  });

  test('MemoryCounters refunds no more than was consumed', () => {
    const { counters } = start();
    counters.decrement('unknown');
    counters.increment('client');
    counters.decrement('client');
    counters.decrement('client');
    expect(counters.get('client')?.totalHits).toBe(0);
    counters.resetKey('client');
    expect(counters.get('client')).toBeUndefined();
  });
});

describe.skipIf(!inject('available').includes('faketime'))(
  'setting the clock of a running service',
  () => {
    async function start() {
      const clock = processClock();
      const service = await startProcess(clock.environment);
      onTestFinished(() => service.signal('SIGKILL'));
      // The token is valid at every time to which the test sets the clock.
      const exp = Math.floor(Date.now() / 1000) + 24 * hour;
      const claims = { tier: 'pioneer', iat: exp - 48 * hour, exp };
      return {
        clock,
        url: service.url,
        ask: () => requestKey(service.url, {}, { token: tokenFor('user', claims) }),
      };
    }

    test.each([-hour, hour])(
      'setting the clock by %i s neither extends a window nor lifts a limit',
      async (seconds) => {
        const { clock, ask } = await start();
        for (let sent = 0; sent < 20; sent++) expect((await ask()).status).toBe(400);
        expect((await ask()).status).toBe(429);

        clock.set(seconds);
        const refused = await ask();
        expect(refused.status).toBe(429);
        expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
        const shown = Date.parse(refused.headers.get('date') as string) / 1000;
        expect(Math.abs(shown - (Date.now() / 1000 + seconds))).toBeLessThan(30);
        const reset = Number(refused.headers.get('x-ratelimit-reset')) - shown;
        expect(reset).toBeGreaterThan(0);
        expect(reset).toBeLessThanOrEqual(62);
      },
    );

    test.each([-hour, hour])(
      'setting the clock by %i s does not affect the verification of keys',
      async (seconds) => {
        const { clock, url } = await start();
        const key = await newKey(url, 'owner');
        expect((await verifyKey(url, key)).status).toBe(200);
        clock.set(seconds);
        const { status, headers } = await verifyKey(url, key);
        expect(status).toBe(200);
        expect(headers.get('cache-control')).toMatch(/max-age=(\d|10)$/);
        expect(Number(/t=(\d+)/.exec(headers.get('ratelimit') as string)?.[1])).toBeLessThanOrEqual(
          60,
        );
      },
    );
  },
);
