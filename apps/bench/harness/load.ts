import { type Dispatcher, Pool } from 'undici';
import type { Measurement } from './comparison.ts';
import { measureRate, processorTimeOf } from './processor-time.ts';
import type { Running } from './program.ts';

/** Number of concurrent requests. */
export const inFlight = 32;

/**
 * The properties in which requests to the same path differ. A request with a body uses POST, and a
 * request without one uses GET.
 */
export interface Request {
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** Sends a request. Any status is accepted. */
function send(pool: Pool, path: string, request: Request): Promise<Dispatcher.ResponseData> {
  return pool.request({ path, method: request.body === undefined ? 'GET' : 'POST', ...request });
}

/**
 * Sends a request, and resolves when the whole response has arrived.
 *
 * @throws if the status is not 200. Refusing a request is faster than answering it, so refusals
 * would distort a measurement.
 */
export async function sendSuccessfully(pool: Pool, path: string, request: Request): Promise<void> {
  const { statusCode, body } = await send(pool, path, request);
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
  await body.dump();
}

/**
 * Sends requests in a closed loop: each connection sends its next request as soon as it has
 * received a response.
 *
 * @returns requests per second.
 * @throws if a response has any status other than 200.
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
      await sendSuccessfully(pool, path, next.value);
      answered++;
    }
  }

  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
  const seconds = (performance.now() - begun) / 1000;
  await pool.close();
  return answered / seconds;
}

/** Sends requests with {@link closedLoop}, and measures requests per second. */
export function underLoad(
  { url, process }: Running,
  path: string,
  requests: readonly Request[],
): Promise<Measurement> {
  return measureRate(process.pid, requests.length, () => closedLoop(url, path, requests));
}

/** Milliseconds between the starts of consecutive windows in {@link slowestSecond}. */
const windowStep = 50;
const stepsOfSecond = 1000 / windowStep;

/** The number of responses, and the processor time used, when a step began. */
interface Progress {
  readonly answered: number;
  /** Processor time in microseconds. */
  readonly used: number;
}

/**
 * Sends requests in a closed loop for the given number of seconds. Repeats the list of requests
 * as often as needed.
 *
 * The result is computed over one-second windows. Windows that overlap with the first or the last
 * second are ignored.
 *
 * @returns the smallest number of responses in a window, and the largest processor time per request
 * in a window.
 * @throws if a response has any status other than 200.
 */
export async function slowestSecond(
  { url, process: { pid } }: Running,
  path: string,
  requests: readonly Request[],
  seconds: number,
): Promise<Measurement> {
  const pool = new Pool(url, { connections: inFlight, pipelining: 1 });
  const steps = Math.floor((seconds * 1000) / windowStep);
  const progress: Progress[] = [];
  const begun = performance.now();
  let next = 0;
  let answered = 0;

  async function sendOneByOne(): Promise<void> {
    for (;;) {
      await sendSuccessfully(pool, path, requests[next++ % requests.length] as Request);
      const step = Math.floor((performance.now() - begun) / windowStep);
      while (progress.length <= step) progress.push({ answered, used: processorTimeOf(pid) });
      answered++;
      if (step >= steps) return;
    }
  }

  await Promise.all(Array.from({ length: inFlight }, sendOneByOne));
  await pool.close();
  const windows = Array.from({ length: Math.max(1, steps - 3 * stepsOfSecond) }, (_, index) => {
    const start = progress[index + stepsOfSecond] as Progress;
    const end = progress[index + 2 * stepsOfSecond] as Progress;
    return { answered: end.answered - start.answered, used: end.used - start.used };
  });
  return {
    value: Math.min(...windows.map((window) => window.answered)),
    processorTime: Math.max(...windows.map((window) => window.used / window.answered)),
  };
}

/** A load that runs until it is stopped. */
export interface Load {
  /** Resolves when the given number of requests have been answered. */
  answered(amount: number): Promise<void>;
  /** Stops sending requests. Resolves when the last response has arrived. */
  stop(): Promise<void>;
}

/** Sends requests in a closed loop until the load is stopped. Any status is accepted. */
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
      const { body } = await send(pool, path, next.value);
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
