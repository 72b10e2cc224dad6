import type { ClientOptions } from '@andamio/client';
import { clockSkewOf } from '@andamio/schema/console-settings';

/** A clock that shows the service's time, which is known from the `Date` of its responses. */
interface ServiceClock {
  /** Sends a request, and reads the service's time from the response. */
  readonly fetch: NonNullable<ClientOptions['fetch']>;
  /**
   * Returns the current time of the service in Unix milliseconds. Before the first response, it is
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
