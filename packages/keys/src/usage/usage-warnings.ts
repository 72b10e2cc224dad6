import { hash } from 'node:crypto';
import { type LogEvent, logEvents } from '@andamio/schema/log-events';
import { LRUCache } from 'lru-cache';
import { OutageWarning } from '../outage-warning.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store.ts';
import { AdditionForgottenError } from './store.ts';

/** An attempt to store or read an owner's usage that failed. */
export interface UsageFailure {
  readonly userId: string;
  readonly error: unknown;
}

/** Minimum time, in milliseconds, between reports that the usage of one owner fails. */
const ownerInterval = 3_600_000;

/**
 * Maximum number of owners whose reports are remembered. The least recently reported are evicted.
 */
const reportedOwners = 10_000;

const isForgotten = ({ error }: UsageFailure) => error instanceof AdditionForgottenError;
const isOutage = ({ error }: UsageFailure) =>
  error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError;

/**
 * Reports why usage is not stored or read. The conditions are independent, so that none hides
 * another: an outage of the store, the usage of single owners, and requests that are lost.
 */
export class UsageWarnings {
  readonly #warn: (error: unknown, event: LogEvent) => void;
  readonly #outage: OutageWarning;
  /** Hashes of the owners that were reported within the interval. */
  readonly #owners = new LRUCache<string, true>({ max: reportedOwners, ttl: ownerInterval });
  /** The number of requests that were not counted since the memory for usage was last free. */
  #uncounted = 0;

  /** @param warn reports an error under an event of the log. */
  constructor(warn: (error: unknown, event: LogEvent) => void) {
    this.#warn = warn;
    this.#outage = new OutageWarning((error) => warn(error, logEvents.usageUnavailable));
  }

  /**
   * Reports an error that concerns no single owner, unless another was reported since the last
   * success.
   */
  outage(error: unknown): void {
    this.#outage.failed(error);
  }

  /** Reports an attempt for one owner that failed. */
  failed(failure: UsageFailure): void {
    if (isOutage(failure)) this.#outage.failed(failure.error);
    else this.#failedOwners([failure]);
  }

  /**
   * Reports the outcome of attempts to store usage, all made at about the same time. An outage ends
   * when the store responds to all of them, also if it cannot store the usage of some owners.
   *
   * @param attempts the number of attempts, including those that failed.
   */
  attempted(failures: readonly UsageFailure[], attempts: number): void {
    const [outage] = failures.filter(isOutage);
    const forgotten = failures.filter(isForgotten);
    if (forgotten.length > 0) {
      const text = `Additions of unknown outcome that the store no longer recognizes: ${forgotten.length}.`;
      this.#warn(new Error(text, { cause: forgotten[0]?.error }), logEvents.usageLost);
    }
    this.#failedOwners(failures.filter((failure) => !isOutage(failure) && !isForgotten(failure)));
    if (outage !== undefined) this.#outage.failed(outage.error);
    else if (attempts > 0) this.#outage.succeeded();
  }

  /** Reports that requests are not counted, unless that was reported since memory was free. */
  notCounted(requests: number): void {
    if (this.#uncounted === 0) {
      const text =
        'Too much usage is unreported. Requests with further keys are not counted until it is stored.';
      this.#warn(new Error(text), logEvents.usageLost);
    }
    this.#uncounted += requests;
  }

  /** Reports how many requests were not counted, once requests with further keys are again. */
  memoryFree(): void {
    if (this.#uncounted === 0) return;
    const text = `Requests that were not counted while too much usage was unreported: ${this.#uncounted}.`;
    this.#uncounted = 0;
    this.#warn(new Error(text), logEvents.usageLost);
  }

  /** Reports how many requests a process leaves unstored when it exits. */
  notStored(requests: number): void {
    const text = `Requests whose usage was not stored before the process exited: ${requests}.`;
    this.#warn(new Error(text), logEvents.usageLost);
  }

  /** Reports the owners that were not reported within the interval, in one line. */
  #failedOwners(failures: readonly UsageFailure[]): void {
    const unreported = failures
      .map(({ userId, error }) => ({ owner: hash('sha256', userId, 'base64url'), error }))
      .filter(({ owner }) => !this.#owners.has(owner));
    const [first] = unreported;
    if (first === undefined) return;
    for (const { owner } of unreported) this.#owners.set(owner, true);
    const text = `Owners whose usage cannot be stored or read: ${unreported.length}. The SHA-256 hash of the first one's user id is ${first.owner}.`;
    this.#warn(new Error(text, { cause: first.error }), logEvents.usageOfOwnerFailed);
  }
}
