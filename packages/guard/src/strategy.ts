import { keyLength } from '@andamio/schema/key-format';
import { FirestoreSource } from './firestore/source.ts';
import { firestoreStrategy } from './firestore/strategy.ts';
import { VerifyClient } from './http/client.ts';
import { httpStrategy } from './http/strategy.ts';
import { limitByStore, limitInMemory } from './limits/limit.ts';
import {
  type ApiKeyGuardOptions,
  readCommonOptions,
  readFirestoreOptions,
  readServiceOptions,
} from './options.ts';
import type { Client, Outcome, Strategy } from './outcome.ts';
import { invalidKey } from './refusal.ts';

/**
 * Creates the strategy that the options select.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function strategyOf(options: ApiKeyGuardOptions): Strategy {
  const common = { ...readCommonOptions(options), now: () => performance.now() };
  const { timeout: closeWithin, onError, now } = common;
  const { verify, guardSecret } = options;
  const service =
    verify === undefined
      ? undefined
      : new VerifyClient({ ...readServiceOptions({ verify, guardSecret }), ...common });
  if (options.firestore !== undefined) {
    const database = new FirestoreSource({ ...readFirestoreOptions(options), ...common });
    const { rateLimitStore } = options;
    const limit =
      rateLimitStore === undefined ? limitInMemory : limitByStore(rateLimitStore, onError);
    return firestoreStrategy({ database, limit, service, closeWithin, now });
  }
  if (service === undefined) throw new TypeError('Either verify or firestore must be set.');
  return httpStrategy({ service, closeWithin, now });
}

/**
 * Checks the value of an `X-API-Key` header, which may be missing. A value of the wrong length is
 * rejected before the lookup, so that the cache contains no long values.
 */
export function checkHeader(
  strategy: Strategy,
  key: unknown,
  client: Client,
): Outcome | Promise<Outcome> {
  return typeof key === 'string' && key.length === keyLength
    ? strategy.check(key, client)
    : invalidKey;
}
