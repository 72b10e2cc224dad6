import type { Ledger } from './ledger.ts';

/** Largest number of concurrent reports. */
const concurrency = 8;

/** Options of a {@link Reporter}. */
export interface ReporterOptions {
  readonly ledger: Ledger;
  /** Milliseconds between two scans of the ledger. */
  readonly interval: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Reports whether a key's usage may still grow. */
  readonly isInUse: (key: string) => boolean;
  /** Reports whether the key's next request will report its usage. */
  readonly isReportedByRequests: (key: string) => boolean;
  /**
   * Reports the usage of a key. Never rejects; usage that could not be reported stays in the
   * ledger.
   */
  readonly report: (key: string) => Promise<void>;
}

/**
 * Reports in the background the usage of keys that are not used again soon enough to report it
 * themselves.
 */
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
   * Reports all usage once more, including held keys, and stops. Usage that could not be reported
   * is dropped.
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
