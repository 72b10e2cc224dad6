import { KeyChecker } from '../key-checker.ts';
import { limitHere } from '../limits/limit.ts';
import type { Way } from '../outcome.ts';
import type { Source } from '../source.ts';
import { Ledger } from '../usage/ledger.ts';
import { Reporter } from '../usage/reporter.ts';
import { within } from '../within.ts';

/** Milliseconds between two looks for keys that were used and did not come again. */
const reportInterval = 1_000;

export interface VerifyWayOptions {
  readonly service: Source & { close(): Promise<void> };
  /** How long the last reports may take, in milliseconds. */
  readonly closeWithin: number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/** Asks the service. It is told with each question, or in the background, what was answered without asking. */
export function verifyWay({ service, closeWithin, now }: VerifyWayOptions): Way {
  const ledger = new Ledger();
  const checker = new KeyChecker({ source: service, limit: limitHere, ledger, now });
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
    await within(closeWithin, reported);
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
