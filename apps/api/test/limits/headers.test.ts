import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { MemoryStore } from 'express-rate-limit';
import { expect, onTestFinished, test } from 'vitest';
import { type Standing, standingHeaders } from '../../src/http/limits/headers.ts';
import { type Counters, consume, type Limit, limiting } from '../../src/http/limits/limit.ts';

/** A server whose body is the headers that would be sent past Express, each time after Express has sent its own. */
async function serve(limit: Limit): Promise<string> {
  const app = express();
  app.use((_request, response, next) => {
    Object.assign(response.locals, { requestId: 'id', address: '203.0.113.7' });
    next();
  });
  app.use(limiting(limit), async ({ ip }, response) => {
    const locals = { ...response.locals, requestId: 'id', address: ip ?? '' };
    // Express has counted the request: here it is not counted again.
    const counters = { increment: (key: string) => limit.counters.get?.(key) } as Counters;
    await consume({ ...limit, counters, keyOf: () => limit.keyOf(response.locals) }, locals);
    response.json(standingHeaders(locals.standing as Standing));
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('what is told past Express of how a client stands is what express-rate-limit tells', async () => {
  const url = await serve({
    name: 'key',
    counters: Object.assign(new MemoryStore(), { add() {} }),
    keyOf: ({ address }) => address,
    maximumOf: () => 100,
  });
  for (let sent = 1; sent <= 3; sent++) {
    const response = await fetch(url);
    const told = (await response.json()) as string[];
    expect(told).toHaveLength(10);
    for (let index = 0; index < told.length; index += 2) {
      expect(response.headers.get(told[index] as string), told[index]).toBe(told[index + 1]);
    }
    expect(response.headers.get('x-ratelimit-remaining')).toBe(String(100 - sent));
  }
});
