import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { ipKeyGenerator } from 'express-rate-limit';
import { overLimit, type Refusal } from '../refusal.ts';

/** Keys of which nothing is known that one client may have verified in a minute (service contract, "Edges", "Address limit"). */
const unknownKeysPerMinute = 60;
/** Clients whose minutes are kept at once. Past that the oldest minute goes, which is the next to end. */
const mostClients = 10_000;

/** The minute of one client. */
interface Window {
  taken: number;
  /** Milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/** Limits how many unknown keys each client has verified, so that a flood of them stops here. */
export class UnknownKeyLimit {
  /** In the order in which they end. */
  readonly #windows = new Map<string, Window>();

  /** Takes one request of a client's minute. Returns a refusal if none is left. */
  take(address: string, now: number): Refusal | undefined {
    const client = clientOf(address);
    const known = this.#windows.get(client);
    if (known === undefined || now >= known.endsAt) {
      this.#windows.delete(client);
      this.#windows.set(client, { taken: 1, endsAt: now + rateLimitWindow });
      if (this.#windows.size > mostClients) this.#windows.delete(this.#windows.keys().next().value as string);
      return undefined;
    }
    if (known.taken >= unknownKeysPerMinute) return overLimit(unknownKeysPerMinute, known.endsAt - now);
    known.taken++;
    return undefined;
  }

  /** Gives a request back whose key turned out good, or was not verified. */
  refund(address: string): void {
    const window = this.#windows.get(clientOf(address));
    if (window !== undefined && window.taken > 0) window.taken--;
  }

  /** Forgets the minutes that have ended. */
  sweep(now: number): void {
    for (const [client, { endsAt }] of this.#windows) {
      if (now < endsAt) break;
      this.#windows.delete(client);
    }
  }
}

/** Addresses of IPv6 count by the network that one customer is given, as the service counts them: a /56 or larger. */
const clientOf = (address: string) => ipKeyGenerator(address, 56);
