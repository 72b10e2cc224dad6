import type { ApiKey } from './api-key.ts';
import type { Refusal } from './refusal.ts';

/** The outcome of a request: its key if it is accepted, otherwise the refusal. */
export type Outcome = ApiKey | Refusal;

/**
 * The sender of a request, as Express provides it. `ip` is read only when a key has to be looked
 * up, because computing it costs as much as a cache hit.
 */
export interface Client {
  readonly ip?: string | undefined;
}

/** A strategy for verifying keys and their owners' limits: by HTTP or on Firestore. */
export interface Strategy {
  /**
   * Checks a key, including its format and checksum, and counts the request.
   *
   * @param client the sender. Each client may have 60 unknown keys verified per minute.
   * @returns the outcome itself if the key is cached, otherwise a promise, which never rejects.
   */
  check(key: string, client: Client): Outcome | Promise<Outcome>;
  /**
   * Reports outstanding usage, then closes connections and timers. All later requests are refused.
   */
  close(): Promise<void>;
}
