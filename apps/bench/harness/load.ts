import { Pool } from 'undici';

/** Requests that are under way at any moment: each is followed by the next as soon as it is answered. */
export const inFlight = 32;

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
      const { statusCode, body } = await pool.request({ path, method: 'POST', ...next.value });
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
