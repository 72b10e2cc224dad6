import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { ipKeyGenerator } from 'express-rate-limit';
import { type Refusal, rateLimited } from '../refusal.ts';

/**
 * Largest number of unknown keys that one client may have verified per minute (service contract,
 * "Edges", "Address limit").
 */
const unknownKeysPerMinute = 60;
/**
 * Largest number of clients. Beyond it the oldest window is removed, which is also the next to end.
 */
const maximumClients = 10_000;

/** The rate-limit window of one client. */
interface Window {
  taken: number;
  /** End in milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/**
 * Limits the unknown keys that each client has verified, so that a flood of them does not reach the
 * service.
 */
export class UnknownKeyLimit {
  /** Windows in the order of their ends. */
  readonly #windows = new Map<string, Window>();

  /** Consumes one request of a client's window. Returns a refusal if none is left. */
  consume(address: string, now: number): Refusal | undefined {
    const client = clientOf(address);
    const known = this.#windows.get(client);
    if (known === undefined || now >= known.endsAt) {
      this.#windows.delete(client);
      this.#windows.set(client, { taken: 1, endsAt: now + rateLimitWindow });
      if (this.#windows.size > maximumClients) this.#windows.delete(this.#windows.keys().next().value as string);
      return undefined;
    }
    if (known.taken >= unknownKeysPerMinute) return rateLimited(unknownKeysPerMinute, known.endsAt - now);
    known.taken++;
    return undefined;
  }

  /** Refunds a request whose key turned out to be valid or was not verified. */
  refund(address: string): void {
    const window = this.#windows.get(clientOf(address));
    if (window !== undefined && window.taken > 0) window.taken--;
  }

  /** Removes windows that have ended. */
  sweep(now: number): void {
    for (const [client, { endsAt }] of this.#windows) {
      if (now < endsAt) break;
      this.#windows.delete(client);
    }
  }
}

/** Groups IPv6 addresses by /56, the network that one customer is given, as the service does. */
const clientOf = (address: string) => ipKeyGenerator(address, 56);
