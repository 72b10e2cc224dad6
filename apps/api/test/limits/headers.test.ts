import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { MemoryStore } from 'express-rate-limit';
import { expect, onTestFinished, test } from 'vitest';
import { type Standing, standingHeaders } from '../../src/http/limits/headers.ts';
import { type Counters, consume, type Limit, limiting } from '../../src/http/limits/limit.ts';

/**
 * Starts a server that sends express-rate-limit's headers, and the service's own ones in the body.
 */
async function serve(limit: Limit): Promise<string> {
  const app = express();
  app.use((_request, response, next) => {
    Object.assign(response.locals, { requestId: 'id', address: '203.0.113.7' });
    next();
  });
  app.use(limiting(limit), async ({ ip }, response) => {
    const locals = { ...response.locals, requestId: 'id', address: ip ?? '' };
    // express-rate-limit has counted the request already.
    const counters = { increment: (key: string) => limit.counters.get?.(key) } as Counters;
    await consume({ ...limit, counters, keyOf: () => limit.keyOf(response.locals) }, locals);
    response.json(standingHeaders(locals.standing as Standing));
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('rate limit headers without Express equal those of express-rate-limit', async () => {
  const url = await serve({
    name: 'key',
    counters: Object.assign(new MemoryStore(), { add() {} }),
    keyOf: ({ address }) => address,
    maximumOf: () => 100,
  });
  for (let sent = 1; sent <= 3; sent++) {
    const response = await fetch(url);
    const own = (await response.json()) as string[];
    expect(own).toHaveLength(10);
    for (let index = 0; index < own.length; index += 2) {
      expect(response.headers.get(own[index] as string), own[index]).toBe(own[index + 1]);
    }
    expect(response.headers.get('x-ratelimit-remaining')).toBe(String(100 - sent));
  }
});
