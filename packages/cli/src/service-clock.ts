import type { ClientOptions } from '@andamio/client';
import { clockSkewOf } from '@andamio/schema/console-settings';

/** The clock of the service, as far as its answers have told the time. */
interface ServiceClock {
  /** Sends a request, and reads the service's time from the answer. */
  readonly fetch: NonNullable<ClientOptions['fetch']>;
  /**
   * Returns the current time of the service in Unix milliseconds. Before the first answer, it is
   * the time of this machine.
   */
  now(): number;
}

/** Creates the clock of a service. */
export function serviceClock(): ServiceClock {
  let skewMs = 0;
  return {
    async fetch(url, init) {
      const response = await fetch(url, init);
      skewMs = clockSkewOf(response.headers.get('date')) * 1000;
      return response;
    },
    now: () => Date.now() + skewMs,
  };
}
