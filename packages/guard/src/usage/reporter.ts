import type { Ledger } from './ledger.ts';

/** Reports that are under way at once: nobody waits for them. */
const atOnce = 8;

export interface ReporterOptions {
  readonly ledger: Ledger;
  /** Milliseconds from one look at the ledger to the next. */
  readonly interval: number;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
  /** Whether a key's tally may still grow. */
  readonly isInUse: (key: string) => boolean;
  /** Whether the usage of a key is left to its next request to report. */
  readonly isReportedByRequests: (key: string) => boolean;
  /** Reports what the ledger has of a key. Never rejects; what was not reported stays in the ledger. */
  readonly report: (key: string) => Promise<void>;
}

/** Reports in the background what no request reports. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #timer: NodeJS.Timeout;
  #underWay: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#underWay ??= this.#look().finally(() => {
        this.#underWay = undefined;
      });
    }, options.interval).unref();
  }

  /** Reports once more, also what is in use or held, and stops. Nothing is kept: nobody would tell it any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#underWay;
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
    await Promise.all(Array.from({ length: atOnce }, reportOneByOne));
  }
}
