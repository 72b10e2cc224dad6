import { setTimeout as delay } from 'node:timers/promises';
import type { RevokeKeyDependencies } from '@andamio/keys/revoke';
import { revokeLeaked } from '@andamio/keys/revoke-leaked';
import {
  type ApiKeysReported,
  type ReportApiKeysBody,
  reportApiKeys,
} from '@andamio/schema/operations';
import { HttpError } from '../response/errors.ts';

/**
 * The response is sent a multiple of this number of milliseconds after the request. Revoking a key
 * takes longer than not finding one, so the response time would otherwise reveal whether a key was
 * valid.
 */
const step = 1_000;

/**
 * Maximum number of reports that a process handles at once. Each takes at least a second, and an
 * instance serves a limited number of requests at once.
 */
const maximumUnderWay = 8;

export interface ReportDependencies extends RevokeKeyDependencies {
  /** Called with the number of keys that a report revoked. */
  onLeakedKeysRevoked(keys: number): void;
}

/**
 * Creates the handler of POST /api/v1/apikey/report, with which anyone can report keys that they
 * found. Valid keys are revoked.
 *
 * The handler throws the same error for every failure of the store. A specific error for a write
 * that was not confirmed would reveal that a key was valid.
 */
export function reportApiKeysHandler(dependencies: ReportDependencies) {
  async function revoke(keys: readonly string[]): Promise<void> {
    const { revoked } = await revokeLeaked(dependencies, keys, { kind: 'report' }, false);
    if (revoked.size > 0) dependencies.onLeakedKeysRevoked(revoked.size);
  }

  let underWay = 0;

  async function handle(keys: readonly string[]): Promise<ApiKeysReported> {
    const begun = performance.now();
    const [result] = await Promise.allSettled([revoke(keys)]);
    const taken = performance.now() - begun;
    await delay(Math.ceil(taken / step) * step - taken);
    if (result.status === 'rejected')
      throw new Error('Some reported keys may not be revoked.', { cause: result.reason });
    return reportApiKeys.success.example;
  }

  return async ({ api_keys: keys }: ReportApiKeysBody): Promise<ApiKeysReported> => {
    if (underWay >= maximumUnderWay) throw new HttpError('rate_limited', undefined, 1);
    underWay++;
    try {
      return await handle(keys);
    } finally {
      underWay--;
    }
  };
}
