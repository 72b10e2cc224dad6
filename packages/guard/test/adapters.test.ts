import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeKey } from '@andamio/schema/key-format';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as fastify from '../src/fastify.ts';
import * as hono from '../src/hono.ts';
import { type ApiKeyGuardOptions, apiKeyGuard, createKeyChecker } from '../src/index.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import type { Answer } from './harness/guarded.ts';
import { issue, startService } from './harness/service.ts';

const service = await startService();

/** A server that responds to an accepted request with its key. */
interface Server {
  readonly port: number;
  /** Stops the server, then closes the guard. */
  stop(): Promise<void>;
}

const portOf = (server: { address(): AddressInfo | string | null }) =>
  (server.address() as AddressInfo).port;

const servers: Readonly<Record<string, (options: ApiKeyGuardOptions) => Promise<Server>>> = {
  async Express(options) {
    const guard = apiKeyGuard(options);
    const app = express().use(guard);
    app.get('/', ({ apiKey }, response) => void response.json(apiKey));
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      port: portOf(server),
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        await guard.close();
      },
    };
  },

  async Fastify(options) {
    const app = Fastify({ forceCloseConnections: true });
    await app.register(fastify.apiKeyGuard, options);
    app.get('/', async ({ apiKey }) => apiKey);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { port: portOf(app.server), stop: () => app.close() };
  },

  async Hono(options) {
    const clientAddress: hono.HonoGuardOptions['clientAddress'] = (c) =>
      getConnInfo(c).remote.address;
    const guard = hono.apiKeyGuard({ ...options, clientAddress });
    const app = new Hono().use(guard).get('/', (c) => c.json(c.get('apiKey')));
    const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
      const started = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () =>
        resolve(started),
      );
    });
    return {
      port: portOf(server),
      async stop() {
        await new Promise((resolve) => server.close(resolve));
        await guard.close();
      },
    };
  },

  async 'node:http with createKeyChecker'(options) {
    const checker = createKeyChecker(options);
    const server = createServer(async (request, response) => {
      const clientAddress = request.socket.remoteAddress;
      const result = await checker.check(request.headers['x-api-key'], { clientAddress });
      const answer = result.allowed
        ? Response.json(result.apiKey)
        : Response.json(result.body, result);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      port: portOf(server),
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        await checker.close();
      },
    };
  },
};

describe.each(Object.entries(servers))('%s', (framework, start) => {
  /** Starts a server, which stops after the test. */
  async function startServer(options: Partial<ApiKeyGuardOptions> = {}) {
    const errors: Error[] = [];
    const server = await start({
      verify: service.url,
      onError: (error: Error) => void errors.push(error),
      ...options,
    } as ApiKeyGuardOptions);
    onTestFinished(() => server.stop());
    return {
      errors,
      async get(key?: string): Promise<Answer> {
        const headers = { connection: 'close', ...(key !== undefined && { 'X-API-Key': key }) };
        const response = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
        return { status: response.status, headers: response.headers, body: await response.json() };
      },
    };
  }

  test(`gives the application the user, name, tier and expiry of a valid key (${framework})`, async () => {
    const { get, errors } = await startServer();
    const { userId, key, expiresAt } = await issue(service, 'growth');
    const found = {
      userId,
      name: 'MyFirstKey',
      tier: 'growth',
      expiresAt: new Date(expiresAt).toISOString(),
    };
    for (let sent = 0; sent < 2; sent++)
      expect(await get(key)).toMatchObject({ status: 200, body: found });
    expect(errors).toEqual([]);
  });

  test(`rejects missing, mistyped and unknown keys with the same 401 (${framework})`, async () => {
    const { get } = await startServer();
    for (const key of [undefined, '', 'none', `${makeKey()},${makeKey()}`, makeKey()]) {
      const answer = await get(key);
      expectRefusal(answer, 'invalid_key');
      expect(answer.headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
    }
  });

  test(`rejects requests beyond the owner's limit with 429 and Retry-After (${framework})`, async () => {
    const { get } = await startServer();
    const { key } = await issue(service, 'pioneer');
    let answer = await get(key);
    for (let sent = 1; answer.status === 200 && sent < 30; sent++) answer = await get(key);
    expectRefusal(answer, 'rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
  });

  test(`looks up at most 60 unknown keys of an address in a minute (${framework})`, async () => {
    const { get } = await startServer();
    const statuses = await Promise.all(Array.from({ length: 62 }, () => get(makeKey())));
    expect(statuses.map(({ status }) => status).toSorted()).toEqual([
      ...Array(60).fill(401),
      429,
      429,
    ]);
  });

  test(`answers 503 and reports the reason when the service is unreachable (${framework})`, async () => {
    const { get, errors } = await startServer({ verify: 'http://127.0.0.1:9' });
    expectRefusal(await get(makeKey()), 'verification_unavailable');
    expect(errors.map(({ message }) => message)).toEqual([
      'The request to the key service failed: ECONNREFUSED.',
    ]);
  });

  test(`throws for an invalid option (${framework})`, async () => {
    await expect(start({ verify: 'host' })).rejects.toThrow('verify must be an https URL');
  });
});

test('a Fastify guard protects the instance that registers it, and no instance beside it', async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get('/health', async () => 'ok');
  app.register(async (api) => {
    await api.register(fastify.apiKeyGuard, { verify: service.url });
    api.get('/keys', async ({ apiKey }) => apiKey.userId);
    api.register(async (inner) => void inner.get('/inner', async ({ apiKey }) => apiKey.userId));
  });
  const { key, userId } = await issue(service);
  expect((await app.inject('/health')).body).toBe('ok');
  for (const url of ['/keys', '/inner']) {
    expect((await app.inject(url)).statusCode).toBe(401);
    expect((await app.inject({ url, headers: { 'x-api-key': key } })).body).toBe(userId);
  }
});

test('a Hono guard keeps the headers that earlier middleware has set', async () => {
  const guard = hono.apiKeyGuard({ verify: service.url, clientAddress: () => '192.0.2.1' });
  onTestFinished(() => guard.close());
  const app = new Hono()
    .use(async (c, next) => {
      c.header('X-Earlier', 'kept');
      await next();
    })
    .use(guard);
  const response = await app.request('/');
  expect(response.status).toBe(401);
  expect(response.headers.get('x-earlier')).toBe('kept');
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
});

test('a Hono guard needs a function for the address of the client', () => {
  const options = { verify: service.url } as hono.HonoGuardOptions;
  expect(() => hono.apiKeyGuard(options)).toThrow('clientAddress must be a function');
});
