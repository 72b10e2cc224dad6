import { setTimeout as delay } from 'node:timers/promises';
import { cachedAnswersHeader, guardSecretHeader } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import { verifyApiKey } from '@andamio/schema/operations';
import { Pool } from 'undici';
import { type Answer, notAnswered, type Source } from '../source.ts';
import { type Received, readAnswer } from './answer.ts';

/** The most that is read of an answer, in bytes: the service's are a few hundred. */
const longestAnswer = 16_384;

/** Connections at most. What comes on top waits for one, within its own time limit. */
const connections = 64;

/** The codes of requests whose connection broke. */
const connectionBroke: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** Milliseconds to wait before a request whose connection broke is sent again, one for each time that this happens to it. */
const pausesAfterBreak = [0, 50, 100, 200, 400];

export interface VerifyClientOptions {
  /** The service, without a slash at the end. */
  readonly url: URL;
  /** Sent with each request; the service then does not limit this address. */
  readonly guardSecret: string | undefined;
  /** For a whole request, in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code;

/** Why no answer came, for a log. The error itself stays here: some quote what was sent or received. */
function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'The key service did not answer in time.';
  const code = codeOf(error);
  const reason = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown';
  return `The key service could not be asked: ${reason}.`;
}

/** Asks the service about keys, over connections that stay open. */
export class VerifyClient implements Source {
  readonly counts = true;
  readonly #options: VerifyClientOptions;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  #pool: Pool;
  /** Pools that are replaced, until the last of their requests has ended. */
  readonly #replaced = new Set<Pool>();

  constructor(options: VerifyClientOptions) {
    const { url, guardSecret } = options;
    this.#options = options;
    this.#pool = this.#createPool();
    this.#path = url.pathname.replace(/\/$/, '') + verifyApiKey.path;
    this.#headers = {
      Accept: 'application/json',
      ...(guardSecret !== undefined && { [guardSecretHeader]: guardSecret }),
    };
  }

  /**
   * Asks about a key, and reports how many of its requests were answered without asking. Never rejects: whatever is no answer
   * of the service is `unavailable`, and told to `onError`.
   */
  async ask(key: string, cachedAnswers: number): Promise<Answer> {
    const { timeout, onError, now } = this.#options;
    const begunAt = now();
    const answer = await this.#exchange(key, cachedAnswers, AbortSignal.timeout(timeout)).then(
      (received) => readAnswer(received, begunAt),
      (error: unknown) => notAnswered(reasonOf(error)),
    );
    if (answer.kind === 'unavailable') onError(new Error(answer.reason));
    return answer;
  }

  /** Ends all connections; what is under way fails. */
  async close(): Promise<void> {
    await Promise.all([this.#pool, ...this.#replaced].map((pool) => pool.destroy()));
  }

  #createPool(): Pool {
    // By HTTP/1.1: a connection of HTTP/2 that breaks would take all requests along.
    return new Pool(this.#options.url.origin, { connections, maxResponseSize: longestAnswer, allowH2: false });
  }

  /** Leaves the connections of a pool to the requests on them: one of them broke, so the others are likely to be broken as well. */
  #replace(pool: Pool): void {
    if (pool !== this.#pool) return;
    this.#pool = this.#createPool();
    this.#replaced.add(pool);
    const end = () => this.#replaced.delete(pool);
    pool.close().then(end, end);
  }

  /**
   * Sends a request until an answer comes. One whose connection broke is sent again over a connection that is made for it: a restart of the
   * service, or a proxy that drops idle connections, breaks all that are kept open at once.
   */
  async #exchange(key: string, cachedAnswers: number, signal: AbortSignal): Promise<Received> {
    for (let breaks = 0; ; breaks++) {
      const pool = this.#pool;
      try {
        return await this.#request(pool, key, cachedAnswers, signal);
      } catch (error) {
        const pause = connectionBroke.includes(codeOf(error)) ? pausesAfterBreak[breaks] : undefined;
        if (pause === undefined) throw error;
        this.#replace(pool);
        if (pause > 0) await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #request(pool: Pool, key: string, cachedAnswers: number, signal: AbortSignal): Promise<Received> {
    const headers: Record<string, string> = { ...this.#headers, [apiKeyHeader]: key };
    if (cachedAnswers > 0) headers[cachedAnswersHeader] = `${cachedAnswers}`;
    const response = await pool.request({ method: 'GET', path: this.#path, headers, signal });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, body: parsed(text) };
  }
}

/** The value of a JSON text; undefined for any other, since a parser's error quotes it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
