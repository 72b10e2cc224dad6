import { createServer } from 'node:http';
import { KnownTiers } from '@andamio/keys/known-tiers';
import { getOpenApiDocument, verifyApiKey } from '@andamio/schema/operations';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { command } from '@andamio/testing/store/commands';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import { type LimitDependencies, limitAddresses, limitUsers } from '../../src/http/limits/limit.ts';
import { keyRow, publicRow, type Row } from '../../src/http/operations/row.ts';
import { verifyApiKeyHandler } from '../../src/http/operations/verify-api-key.ts';
import { createPipeline, type PipelineDependencies } from '../../src/http/pipeline.ts';
import { allowOrigins } from '../../src/http/response/cross-origin.ts';
import { answerErrors, HttpError } from '../../src/http/response/errors.ts';

const found = { record: command().record, tier: 'growth', suspended: false } as const;
const counting: LimitDependencies = {
  createCounters: (_name, window) => new MemoryCounters(systemClock, window),
  clock: systemClock,
};

/** Starts a server that answers every request through the pipeline, as if its key were cached. */
async function serve(row: Row, countKeyRequest: PipelineDependencies['countKeyRequest']) {
  const address = limitAddresses(10, counting);
  const unused = () => Promise.reject(new Error('The key is cached.'));
  const pipeline = createPipeline({
    authenticate: {
      cachedKey: () => ({ found, millisecondsLeft: 1_000 }),
      isGuard: () => false,
      key: unused,
      user: unused,
    },
    limits: {
      address,
      user: limitUsers(counting, { knownTiers: new KnownTiers(), refreshTier: unused }),
    },
    countKeyRequest,
    crossOrigin: allowOrigins([]),
    answerError: answerErrors(false),
    now: systemClock.now,
  });
  const reports: Exchange['report'][] = [];
  const server = createServer((request, response) => {
    const report = {};
    reports.push(report);
    void pipeline(row, { request, response, requestId: 'id', address: '192.0.2.1', report });
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}`, reports, address };
}

test('refuses a request with a cached key if the counters in Redis refuse it later, and charges its address', async () => {
  const { url, address } = await serve(keyRow(verifyApiKey, verifyApiKeyHandler), async () => {
    await new Promise(setImmediate);
    throw new HttpError('rate_limited', undefined, 7);
  });
  const { status, headers } = await fetch(url);
  expect([status, headers.get('retry-after')]).toEqual([429, '7']);
  expect(await address.counters.get(address.keyOf('192.0.2.1'))).toMatchObject({ totalHits: 1 });
});

test('closes the connection and reports the error if an answer cannot be sent', async () => {
  const broken = publicRow(getOpenApiDocument, async () => ({
    status: 200,
    headers: ['X-Broken', 'two\nlines'],
    body: '',
  }));
  const { url, reports } = await serve(broken, () => {});
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  expect(reports).toMatchObject([{ cause: { code: 'ERR_INVALID_CHAR' } }]);
});
