import type { ApiKey } from './api-key.ts';
import type { Refusal } from './refusal.ts';

/** What becomes of a request: let in with its key, or refused. */
export type Outcome = ApiKey | Refusal;

/** Who sends a request, as Express tells it. Read only where a key has to be verified: to tell it costs as much as a hit. */
export interface Client {
  readonly ip?: string | undefined;
}

/** One of the two ways to find out whether a key is good and within its owner's limits. */
export interface Way {
  /**
   * Checks what came as a key; form and checksum too, before anybody is asked. To ask is to use.
   *
   * @param client who sent it: one client may have 60 unknown keys verified in a minute.
   * @returns at once what is known already, since a promise would cost more than the rest; else a promise, which never rejects.
   */
  check(key: string, client: Client): Outcome | Promise<Outcome>;
  /** Reports what is not reported, and lets go of connections and timers. Every key is refused from then on. */
  close(): Promise<void>;
}
