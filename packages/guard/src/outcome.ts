import type { ApiKey } from './api-key.ts';
import type { Refusal } from './refusal.ts';

/** What becomes of a request: let in with its key, or refused. */
export type Outcome = ApiKey | Refusal;

/** One of the two ways to find out whether a key is good and within its owner's limits. */
export interface Way {
  /**
   * Checks what came as a key; form and checksum too, before anybody is asked. To ask is to use.
   *
   * @returns at once what is known already, since a promise would cost more than the rest; else a promise, which never rejects.
   */
  check(key: string): Outcome | Promise<Outcome>;
  /** Reports what is not reported, and lets go of connections and timers. Every key is refused from then on. */
  close(): Promise<void>;
}
