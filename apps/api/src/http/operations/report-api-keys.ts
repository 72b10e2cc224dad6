import type { RevokeKeyDependencies } from '@andamio/keys/revoke';
import { revokeLeaked } from '@andamio/keys/revoke-leaked';
import {
  type ApiKeysReported,
  type ReportApiKeysBody,
  reportApiKeys,
} from '@andamio/schema/operations';
import type { Clock } from '../../clock.ts';
import type { Exchange } from '../exchange.ts';
import { addressKey, type Limit, type RequestCount } from '../limits/limit.ts';
import { HttpError } from '../response/errors.ts';

/**
 * Unit of the response time, in milliseconds. The response to a report is sent a multiple of this
 * time after the request. Revoking a key takes longer than not finding one, so the response time
 * would otherwise reveal whether a key was valid.
 */
const step = 1_000;

/**
 * Maximum number of reports that a process handles at once. Each takes at least a second, and an
 * instance serves a limited number of requests at once.
 */
const maximumUnderWay = 8;

/**
 * Maximum number of reports from one client address that a process handles at once. A single
 * address can therefore not keep out the reports of others.
 */
const maximumUnderWayOfAddress = 2;

/**
 * Creates a function that handles a report, unless too many reports are being handled, in total or
 * from one client address.
 */
function createPlaces() {
  const underWay = new Map<string, number>();
  let total = 0;

  /** @throws {@link HttpError} `rate_limited` if too many reports are being handled. */
  return async <Result>(address: string, call: () => Promise<Result>): Promise<Result> => {
    const key = addressKey(address);
    const ofAddress = underWay.get(key) ?? 0;
    if (total >= maximumUnderWay || ofAddress >= maximumUnderWayOfAddress)
      throw new HttpError('rate_limited', undefined, 1);
    total++;
    underWay.set(key, ofAddress + 1);
    try {
      return await call();
    } finally {
      total--;
      const left = (underWay.get(key) ?? 0) - 1;
      if (left > 0) underWay.set(key, left);
      else underWay.delete(key);
    }
  };
}

export interface ReportDependencies extends RevokeKeyDependencies {
  /**
   * The limit on reported keys per client address. The first key of each report is not counted,
   * because the report itself counts as a request.
   */
  readonly reportedKeys: Limit<string>;
  readonly clock: Clock;
  /** Resolves after a number of milliseconds of the monotonic clock. */
  readonly delay: (milliseconds: number) => Promise<unknown>;
  /** Called with the number of keys that a report revoked. */
  onLeakedKeysRevoked(keys: number): void;
}

/**
 * Creates the handler of POST /api/v1/apikey/report, which revokes reported keys. Anyone can report
 * keys that they found.
 *
 * The handler throws the same error for every failure of the store. A specific error for a write
 * that was not confirmed would reveal that a key was valid.
 */
export function reportApiKeysHandler(dependencies: ReportDependencies) {
  const { reportedKeys, clock, delay } = dependencies;

  async function revoke(keys: readonly string[]): Promise<void> {
    const { revoked, failures } = await revokeLeaked(dependencies, keys, { kind: 'report' }, false);
    if (revoked.size > 0) dependencies.onLeakedKeysRevoked(revoked.size);
    if (failures.length > 0) throw failures[0];
  }

  const inPlace = createPlaces();

  async function handle(keys: readonly string[]): Promise<ApiKeysReported> {
    const begun = clock.monotonicNow();
    const [result] = await Promise.allSettled([revoke(keys)]);
    const taken = clock.monotonicNow() - begun;
    await delay(step - (taken % step));
    if (result.status === 'rejected')
      throw new Error('Some reported keys may not be revoked.', { cause: result.reason });
    return reportApiKeys.success.example;
  }

  return async (
    { api_keys: keys }: ReportApiKeysBody,
    { address }: Exchange,
    count: RequestCount,
  ): Promise<ApiKeysReported> => {
    // A report without a place counts no keys, so that it can be sent again.
    return inPlace(address, async () => {
      await count.consumeMany(reportedKeys, address, keys.length - 1);
      return handle(keys);
    });
  };
}
