import { KeyChecker } from '../key-checker.ts';
import type { KeySource } from '../key-source.ts';
import type { Limit } from '../limits/limit.ts';
import type { Strategy } from '../outcome.ts';
import { Ledger } from '../usage/ledger.ts';
import { Reporter } from '../usage/reporter.ts';
import { waitAtMost } from '../wait-at-most.ts';

/**
 * Minimum time, in milliseconds, between two usage reports for the same key. Each report counts
 * toward the owner's rate limit.
 */
const reportInterval = 10_000;

interface Closable {
  close(): Promise<void>;
}

export interface FirestoreStrategyOptions {
  readonly database: KeySource & Closable;
  readonly limit: Limit;
  /** The service that receives usage reports. If undefined, usage is not counted. */
  readonly service: (KeySource & Closable) | undefined;
  /** Timeout in milliseconds for the last usage reports when the guard closes. */
  readonly closeWithin: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

/**
 * Creates a strategy that looks up keys in Firestore and reports their usage to the service in the
 * background.
 */
export function firestoreStrategy({
  database,
  limit,
  service,
  closeWithin,
  now,
}: FirestoreStrategyOptions): Strategy {
  const ledger = service && new Ledger();
  const checker = new KeyChecker({ source: database, limit, ledger, now });

  function reportTo(service: KeySource, ledger: Ledger): Reporter {
    return new Reporter({
      ledger,
      interval: reportInterval,
      now,
      isInUse: (key) => checker.isInUse(key),
      isReportedByRequests: () => false,
      async report(key) {
        const unreported = ledger.take(key);
        // The report itself counts as a request, so the number that it states is one lower.
        if (unreported > 0)
          ledger.settle(key, unreported, await service.ask(key, unreported - 1), now());
      },
    });
  }
  const reporter = service && ledger && reportTo(service, ledger);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await waitAtMost(
      closeWithin,
      checker.stop().then(() => reporter?.close()),
    );
    await Promise.all([database.close(), service?.close()]);
  }

  return {
    check: (key, client) => checker.check(key, client),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}
