import { Pool } from 'undici';

/** Number of concurrent requests. */
export const inFlight = 32;

/** The properties in which the requests to one path differ. */
export interface Request {
  /** The default depends on the function that sends the request. */
  readonly method?: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/**
 * Sends requests in a closed loop: each connection sends its next request when it has received a
 * response. The default method is POST with a body and GET without one.
 *
 * @returns requests per second.
 * @throws on any status except 200. Refusing a request is faster than issuing a key, so refusals
 * would distort the result.
 */
export async function closedLoop(
  origin: string,
  path: string,
  requests: Iterable<Request>,
): Promise<number> {
  const pool = new Pool(origin, { connections: inFlight, pipelining: 1 });
  const rest = requests[Symbol.iterator]();
  let answered = 0;

  async function sendOneByOne(): Promise<void> {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const { statusCode, body } = await pool.request({
        path,
        method: next.value.body === undefined ? 'GET' : 'POST',
        ...next.value,
      });
      if (statusCode !== 200)
        throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
      await body.dump();
      answered++;
    }
  }

  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
  const seconds = (performance.now() - begun) / 1000;
  await pool.close();
  return answered / seconds;
}

/** Milliseconds between the starts of consecutive windows in {@link slowestSecond}. */
const windowStep = 50;

/**
 * Sends GET requests in a closed loop for the given number of seconds. Repeats the list of requests
 * as often as needed.
 *
 * @returns the number of responses in the slowest one-second window. Windows that overlap with the
 * first or the last second are ignored.
 * @throws on any status except 200.
 */
export async function slowestSecond(
  origin: string,
  path: string,
  requests: readonly Request[],
  seconds: number,
): Promise<number> {
  const pool = new Pool(origin, { connections: inFlight, pipelining: 1 });
  const steps = Math.floor((seconds * 1000) / windowStep);
  const answered = new Array<number>(steps).fill(0);
  const begun = performance.now();
  let next = 0;

  async function sendOneByOne(): Promise<void> {
    for (;;) {
      const { statusCode, body } = await pool.request({
        path,
        method: 'GET',
        ...requests[next++ % requests.length],
      });
      if (statusCode !== 200)
        throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
      await body.dump();
      const step = Math.floor((performance.now() - begun) / windowStep);
      if (step >= steps) return;
      answered[step] = (answered[step] as number) + 1;
    }
  }

  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
  await pool.close();
  const stepsOfSecond = 1000 / windowStep;
  const starts = Array.from(
    { length: Math.max(1, steps - 3 * stepsOfSecond) },
    (_, index) => index + stepsOfSecond,
  );
  return Math.min(
    ...starts.map((start) =>
      answered.slice(start, start + stepsOfSecond).reduce((a, b) => a + b, 0),
    ),
  );
}

/** A load that runs until it is stopped. */
export interface Load {
  /** Resolves when the given number of requests have been answered. */
  answered(amount: number): Promise<void>;
  /** Stops sending requests. Resolves when the last response has arrived. */
  stop(): Promise<void>;
}

/**
 * Sends requests in a closed loop until the load is stopped. The default method is POST. Any status
 * is accepted.
 */
export function untilStopped(
  origin: string,
  path: string,
  requests: Iterable<Request>,
  connections: number,
): Load {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const rest = requests[Symbol.iterator]();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  let wanted = Number.POSITIVE_INFINITY;
  let count = 0;
  let stopped = false;

  async function sendOneByOne(): Promise<void> {
    for (let next = rest.next(); !next.done && !stopped; next = rest.next()) {
      const { body } = await pool.request({ path, method: 'POST', ...next.value });
      await body.dump();
      if (++count >= wanted) reach();
    }
  }

  const ended = Promise.all(Array.from({ length: connections }, sendOneByOne));
  return {
    answered(amount) {
      wanted = amount;
      return Promise.race([reached, ended.then(() => undefined)]);
    },
    async stop() {
      stopped = true;
      await ended;
      await pool.close();
    },
  };
}
