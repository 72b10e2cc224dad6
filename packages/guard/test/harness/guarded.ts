import type { AddressInfo } from 'node:net';
import express from 'express';
import { onTestFinished } from 'vitest';
import { type ApiKeyGuard, type ApiKeyGuardOptions, apiKeyGuard } from '../../src/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A service of somebody else's that accepts keys. */
export interface Guarded {
  readonly guard: ApiKeyGuard;
  /** What `onError` was told. */
  readonly errors: Error[];
  /** Sends a request with this key, or none. */
  get(key?: string, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts a guarded service that answers with `req.apiKey`; it ends with the test. */
export async function startGuarded(options: ApiKeyGuardOptions): Promise<Guarded> {
  const errors: Error[] = [];
  const guard = apiKeyGuard({ onError: (error) => errors.push(error), ...options });
  const app = express();
  app.use(guard);
  app.get('/', (request, response) => {
    response.json(request.apiKey);
    request.apiKey.expiresAt.setTime(0); // What a handler does to its own must not matter to the next.
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await guard.close();
  });
  return {
    guard,
    errors,
    async get(key, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        headers: { ...(key !== undefined && { 'X-API-Key': key }), ...headers },
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}
