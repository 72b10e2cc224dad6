import { KeyChecker } from '../key-checker.ts';
import type { KeySource } from '../key-source.ts';
import { limitInMemory } from '../limits/limit.ts';
import type { Strategy } from '../outcome.ts';
import { Ledger } from '../usage/ledger.ts';
import { Reporter } from '../usage/reporter.ts';
import { waitAtMost } from '../wait-at-most.ts';

/** Milliseconds between scans for usage that no lookup has reported. */
const reportInterval = 1_000;

export interface HttpStrategyOptions {
  readonly service: KeySource & { close(): Promise<void> };
  /** Timeout in milliseconds for the last usage reports when the guard closes. */
  readonly closeWithin: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

/**
 * Creates a strategy that verifies keys with the service. Requests answered from the cache are
 * reported with the next lookup of the key, or in the background.
 */
export function httpStrategy({ service, closeWithin, now }: HttpStrategyOptions): Strategy {
  const ledger = new Ledger();
  const checker = new KeyChecker({ source: service, limit: limitInMemory, ledger, now });
  const reporter = new Reporter({
    ledger,
    interval: reportInterval,
    now,
    isInUse: (key) => checker.isInUse(key),
    isReportedByRequests: (key) => checker.isReportedByRequests(key),
    report: (key) => checker.report(key),
  });
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    const reported = checker.stop().then(() => reporter.close());
    await waitAtMost(closeWithin, reported);
    await service.close();
  }

  return {
    check: (key, client) => checker.check(key, client),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}
