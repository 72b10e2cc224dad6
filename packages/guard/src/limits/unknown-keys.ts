import { isIPv6 } from 'node:net';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { Address6 } from 'ip-address';
import { type Refusal, rateLimited } from '../refusal.ts';

/**
 * Maximum number of unknown keys per minute that the guard looks up for one client (contract,
 * "Failures").
 */
const unknownKeysPerMinute = 60;
/**
 * Maximum number of clients with a window. When it is exceeded, the oldest window is removed, which
 * is also the one that ends first.
 */
const maximumClients = 10_000;

interface Window {
  taken: number;
  /** End of the window in milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/**
 * Limits how many unknown keys are looked up for each client, so that a flood of unknown keys does
 * not reach the service.
 */
export class UnknownKeyLimit {
  /** Windows by client, in the order in which they end. */
  readonly #windows = new Map<string, Window>();

  /** Counts one request in a client's window. Returns a refusal if the window is exhausted. */
  consume(address: string, now: number): Refusal | undefined {
    const client = clientOf(address);
    const known = this.#windows.get(client);
    if (known === undefined || now >= known.endsAt) {
      this.#windows.delete(client);
      this.#windows.set(client, { taken: 1, endsAt: now + rateLimitWindow });
      if (this.#windows.size > maximumClients)
        this.#windows.delete(this.#windows.keys().next().value as string);
      return undefined;
    }
    if (known.taken >= unknownKeysPerMinute)
      return rateLimited(unknownKeysPerMinute, known.endsAt - now);
    known.taken++;
    return undefined;
  }

  /** Refunds a request whose key proved to be valid or could not be verified. */
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

/**
 * Returns the name under which an address is counted. IPv6 addresses are grouped by /56, the usual
 * size of a customer's network. The service groups addresses in the same way, with
 * express-rate-limit.
 */
function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  const parsed = new Address6(address);
  return parsed.isMapped4()
    ? parsed.to4().correctForm()
    : new Address6(`${address}/56`).networkForm();
}
