import type { ApiKey } from './api-key.ts';
import type { Refusal } from './refusal.ts';

/** The outcome of a check: the key if the request is accepted, otherwise the refusal. */
export type Outcome = ApiKey | Refusal;

/**
 * The client that sent a request, as Express and Fastify provide it. `ip` is read only when a key
 * is looked up, because computing it costs as much as a cache hit.
 */
export interface Client {
  readonly ip?: string | undefined;
}

/** A way to verify keys and limit requests: with the service, or in its Firestore database. */
export interface Strategy {
  /**
   * Checks a key, including its format and checksum, and counts the request.
   *
   * @param client the client that sent the request. The limit on unknown keys applies per client.
   * @returns the outcome itself if the key is cached, otherwise a promise that never rejects.
   */
  check(key: string, client: Client): Outcome | Promise<Outcome>;
  /**
   * Reports outstanding usage, then closes connections and stops timers. Later requests are
   * rejected.
   */
  close(): Promise<void>;
}
