import type { AddressInfo } from 'node:net';
import express from 'express';
import { onTestFinished } from 'vitest';
import { type ApiKeyGuard, type ApiKeyGuardOptions, apiKeyGuard } from '../../src/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A service protected by a guard. */
export interface Guarded {
  readonly guard: ApiKeyGuard;
  /** The errors that the guard passed to `onError`. */
  readonly errors: Error[];
  /** Sends a request, with a key if one is given. */
  get(key?: string, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts a guarded service that responds with `req.apiKey`. The service stops after the test. */
export async function startGuarded(options: ApiKeyGuardOptions): Promise<Guarded> {
  const errors: Error[] = [];
  const guard = apiKeyGuard({ onError: (error) => errors.push(error), ...options });
  const app = express();
  app.use(guard);
  app.get('/', (request, response) => {
    response.json(request.apiKey);
    request.apiKey.expiresAt.setTime(0); // A handler's changes must not affect later requests.
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
