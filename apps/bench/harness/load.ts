import { Pool } from 'undici';

/** Requests that are under way at any moment: each is followed by the next as soon as it is answered. */
export const inFlight = 32;

/** A POST with its body, or a GET without one. */
export interface Request {
  /** `POST` if left out. */
  readonly method?: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/**
 * Sends the requests in a closed loop, each connection one at a time. Anything but 200 ends the measurement: a refusal is
 * answered faster than a key.
 *
 * @returns requests a second.
 */
export async function closedLoop(origin: string, path: string, requests: Iterable<Request>): Promise<number> {
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
      if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
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

/** Milliseconds by which the windows of {@link slowestSecond} lie apart. */
const windowStep = 50;

/**
 * Sends the requests in turns and in a closed loop for so many seconds. Anything but 200 ends the measurement.
 *
 * @returns how many were answered in the slowest second, of all windows of one second but those of the first and last one.
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
      const { statusCode, body } = await pool.request({ path, method: 'GET', ...requests[next++ % requests.length] });
      if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
      await body.dump();
      const step = Math.floor((performance.now() - begun) / windowStep);
      if (step >= steps) return;
      answered[step] = (answered[step] as number) + 1;
    }
  }

  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
  await pool.close();
  const stepsOfSecond = 1000 / windowStep;
  const starts = Array.from({ length: Math.max(1, steps - 3 * stepsOfSecond) }, (_, index) => index + stepsOfSecond);
  return Math.min(...starts.map((start) => answered.slice(start, start + stepsOfSecond).reduce((a, b) => a + b, 0)));
}

/** A load that goes on until it is stopped. */
export interface Load {
  /** Resolves once so many requests have been answered. */
  answered(amount: number): Promise<void>;
  /** Resolves when the last request has been answered. */
  stop(): Promise<void>;
}

/** Sends the requests in a closed loop until it is stopped, whatever they are answered with. */
export function untilStopped(origin: string, path: string, requests: Iterable<Request>, connections: number): Load {
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
