import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { type LimitStatus, limitHeaders } from '../../src/http/limits/headers.ts';
import { type Limit, RequestCount } from '../../src/http/limits/limit.ts';

const address = '203.0.113.7';

/**
 * Starts a server that sends the headers of express-rate-limit, and the service's own headers in
 * the response body.
 */
async function serve(limit: Limit<string>): Promise<string> {
  const app = express();
  const library = rateLimit({
    windowMs: rateLimitWindow,
    standardHeaders: 'draft-8',
    legacyHeaders: true,
    identifier: limit.name,
    store: limit.counters,
    limit: () => limit.maximumOf(address),
    keyGenerator: () => limit.keyOf(address),
  });
  app.use(library, async (_request, response) => {
    // The counters are read instead of incremented, because express-rate-limit has already counted
    // the request.
    const counters = { increment: (key: string) => limit.counters.get(key) } as Counters;
    const count = new RequestCount();
    await count.consume({ ...limit, counters }, address);
    response.json(limitHeaders(count.status as LimitStatus, limit.now()));
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the service sends the same rate limit headers as express-rate-limit', async () => {
  const url = await serve({
    name: 'address',
    counters: new MemoryCounters(systemClock, rateLimitWindow),
    now: systemClock.now,
    keyOf: (address) => address,
    maximumOf: () => 100,
  });
  for (let sent = 1; sent <= 3; sent++) {
    const response = await fetch(url);
    const [date, expectedDate, ...expected] = (await response.json()) as string[];
    expect(date).toBe('Date');
    const lag = Date.parse(String(expectedDate)) - Date.parse(String(response.headers.get('date')));
    expect([0, 1_000]).toContain(lag);
    expect(expected).toHaveLength(10);
    for (let index = 0; index < expected.length; index += 2) {
      expect(response.headers.get(expected[index] as string), expected[index]).toBe(
        expected[index + 1],
      );
    }
    expect(response.headers.get('x-ratelimit-remaining')).toBe(String(100 - sent));
  }
});
