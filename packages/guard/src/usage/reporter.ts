import type { Ledger } from './ledger.ts';

/** Maximum number of usage reports in flight. */
const concurrency = 8;

export interface ReporterOptions {
  readonly ledger: Ledger;
  /** Milliseconds between scans of the ledger. */
  readonly interval: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Reports whether further requests may add to the key's usage. */
  readonly isInUse: (key: string) => boolean;
  /** Reports whether a later request for the key will report its usage. */
  readonly isReportedByRequests: (key: string) => boolean;
  /**
   * Reports the usage of a key. Never rejects. If the report fails, the usage stays in the ledger.
   */
  readonly report: (key: string) => Promise<void>;
}

/** Reports usage in the background for keys whose next request comes too late to report it. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#running ??= this.#look().finally(() => {
        this.#running = undefined;
      });
    }, options.interval).unref();
  }

  /**
   * Reports all usage a last time, including keys that background reports skip, then stops. Usage
   * whose report fails is lost.
   */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.#report(Number.POSITIVE_INFINITY, () => true);
    this.#options.ledger.clear();
  }

  async #look(): Promise<void> {
    const { ledger, now, isInUse, isReportedByRequests } = this.#options;
    await this.#report(now(), (key) => !isReportedByRequests(key));
    ledger.forget(isInUse);
  }

  async #report(now: number, isIncluded: (key: string) => boolean): Promise<void> {
    const { ledger, report } = this.#options;
    const due = ledger.due(now).filter(isIncluded).values();
    const reportOneByOne = async () => {
      for (const key of due) await report(key);
    };
    await Promise.all(Array.from({ length: concurrency }, reportOneByOne));
  }
}
