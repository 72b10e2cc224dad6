import { apiKeyHeader } from '@andamio/schema/key-format';
import type { Context, MiddlewareHandler } from 'hono';
import type { ApiKey } from './api-key.ts';
import type { ApiKeyGuardOptions as CommonOptions } from './options.ts';
import { Refusal, responseOf } from './refusal.ts';
import { checkHeader, strategyOf } from './strategy.ts';

export type * from './types.ts';

/** Options of the guard for Hono. */
export type HonoGuardOptions = CommonOptions & {
  /**
   * Returns the IP address of the client. The number of unknown keys that are looked up is limited
   * for each address.
   *
   * Hono does not know the address, but its adapters do, for example with `getConnInfo` of
   * `@hono/node-server/conninfo`. The function is called only when a key is looked up.
   */
  readonly clientAddress: (context: Context) => string | undefined;
};

/** The context variables that the guard sets. */
export interface ApiKeyVariables {
  /** The API key that the request presented. */
  readonly apiKey: ApiKey;
}

/** The type argument of a `Hono` whose handlers run after the guard. */
export interface ApiKeyEnv {
  /** The context variables that the guard sets. */
  readonly Variables: ApiKeyVariables;
}

/** Hono middleware that requires an API key. */
export interface ApiKeyGuard extends MiddlewareHandler<ApiKeyEnv> {
  /**
   * Reports outstanding usage, waiting at most `timeoutMs`, then closes connections and stops
   * timers. Requests that arrive later are rejected with 503.
   */
  close(): Promise<void>;
}

/**
 * Creates Hono middleware that requires a valid `X-API-Key` header. It requires Node.js, Deno or
 * Bun.
 *
 * A request within the rate limit of the key's owner is accepted, and `c.get('apiKey')` returns the
 * key. Other requests are rejected with 401, 429 or 503 and an error body in the API's format.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function apiKeyGuard(options: HonoGuardOptions): ApiKeyGuard {
  const { clientAddress } = options;
  if (typeof clientAddress !== 'function')
    throw new TypeError('clientAddress must be a function that returns the address of the client.');
  const strategy = strategyOf(options);

  const guard: MiddlewareHandler<ApiKeyEnv> = async (context, next) => {
    const outcome = await checkHeader(strategy, context.req.header(apiKeyHeader), {
      get ip() {
        return clientAddress(context);
      },
    });
    if (outcome instanceof Refusal) {
      const { status, headers, body } = responseOf(outcome);
      return context.json(body, status, headers);
    }
    context.set('apiKey', outcome);
    await next();
    return undefined;
  };
  return Object.assign(guard, { close: () => strategy.close() });
}
