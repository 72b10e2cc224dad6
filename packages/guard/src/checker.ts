import type { ApiKey } from './api-key.ts';
import type { ApiKeyGuardOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { Refusal, type RefusalResponse, responseOf } from './refusal.ts';
import { checkHeader, strategyOf } from './strategy.ts';

/** The result of checking a valid key within its owner's limits. */
export interface AcceptedKey {
  /** Distinguishes the result from a {@link RefusedKey}. */
  readonly allowed: true;
  /** The key, its owner and their tier. */
  readonly apiKey: ApiKey;
}

/**
 * The result of a check that did not accept the key: the key is missing, invalid or beyond its
 * owner's limits, or it could not be verified.
 *
 * The result contains the response to send. A server based on `fetch` creates the response with
 * `Response.json(result.body, result)`.
 */
export interface RefusedKey extends RefusalResponse {
  /** Distinguishes the result from an {@link AcceptedKey}. */
  readonly allowed: false;
}

/** The result of a check. `allowed` distinguishes its two forms. */
export type KeyCheck = AcceptedKey | RefusedKey;

/** The client that sent a request. */
export interface CheckContext {
  /**
   * IP address of the client. At most 60 unknown keys per minute are looked up for each address.
   * All requests without an address share one limit.
   */
  readonly clientAddress: string | undefined;
}

/** A checker of API keys that does not depend on a web framework. */
export interface ApiKeyChecker {
  /**
   * Checks the key of one request, and counts the request. The promise never rejects.
   *
   * @param key the value of the `X-API-Key` header. A value that is not a single string, such as
   * `null`, `undefined` or a list, counts as an invalid key.
   */
  check(
    key: string | readonly string[] | null | undefined,
    context: CheckContext,
  ): Promise<KeyCheck>;
  /**
   * Reports outstanding usage, waiting at most `timeoutMs`, then closes connections and stops
   * timers. Requests that arrive later are rejected with 503.
   */
  close(): Promise<void>;
}

function resultOf(outcome: Outcome): KeyCheck {
  return outcome instanceof Refusal
    ? { allowed: false, ...responseOf(outcome) }
    : { allowed: true, apiKey: outcome };
}

/**
 * Creates a checker of API keys, with the same caches, limits and usage reports as the guards for
 * Express, Fastify and Hono.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function createKeyChecker(options: ApiKeyGuardOptions): ApiKeyChecker {
  const strategy = strategyOf(options);
  return {
    check: async (key, { clientAddress }) =>
      resultOf(await checkHeader(strategy, key, { ip: clientAddress })),
    close: () => strategy.close(),
  };
}
