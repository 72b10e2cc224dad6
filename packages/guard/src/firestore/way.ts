import { KeyChecker } from '../key-checker.ts';
import type { Limit } from '../limits/limit.ts';
import type { Way } from '../outcome.ts';
import type { Source } from '../source.ts';
import { Ledger } from '../usage/ledger.ts';
import { Reporter } from '../usage/reporter.ts';
import { within } from '../within.ts';

/** Milliseconds between two reports about a key: each is a request of its owner's minute. */
const reportInterval = 10_000;

interface Closable {
  close(): Promise<void>;
}

export interface FirestoreWayOptions {
  readonly database: Source & Closable;
  readonly limit: Limit;
  /** Who is told how much keys are used; undefined where nobody is. */
  readonly service: (Source & Closable) | undefined;
  /** How long the last reports may take, in milliseconds. */
  readonly closeWithin: number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/** Looks keys up by itself, and tells the service in the background how much they are used. */
export function firestoreWay({ database, limit, service, closeWithin, now }: FirestoreWayOptions): Way {
  const ledger = service && new Ledger();
  const checker = new KeyChecker({ source: database, limit, ledger, now });

  function reportTo(service: Source, ledger: Ledger): Reporter {
    return new Reporter({
      ledger,
      interval: reportInterval,
      now,
      isInUse: (key) => checker.isInUse(key),
      isReportedByRequests: () => false,
      async report(key) {
        const untold = ledger.take(key);
        // The report is one of the requests that it tells of.
        if (untold > 0) ledger.settle(key, untold, await service.ask(key, untold - 1), now());
      },
    });
  }
  const reporter = service && ledger && reportTo(service, ledger);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await within(
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
