import { setTimeout as delay } from 'node:timers/promises';
import { cachedAnswersHeader, guardSecretHeader } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import { verifyApiKey } from '@andamio/schema/operations';
import { Pool } from 'undici';
import { type Answer, type KeySource, unavailableAnswer } from '../key-source.ts';
import { type Received, readResponse } from './response.ts';

/** Largest size of a response in bytes. The service's are a few hundred. */
const maximumAnswer = 16_384;

/** Largest number of connections. Further requests wait for one within their time limit. */
const connections = 64;

/** Error codes of broken connections. */
const connectionBroke: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** Milliseconds before a request is retried after each broken connection. */
const pausesAfterBreak = [0, 50, 100, 200, 400];

/** Options of a {@link VerifyClient}. */
export interface VerifyClientOptions {
  /** URL of the service without a trailing slash. */
  readonly url: URL;
  /** Sent with each request, so that the service does not limit this address. */
  readonly guardSecret: string | undefined;
  /** Time limit of a request, in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code;

/**
 * Returns the reason of a failed request for the log. The error itself is not logged, because some
 * quote sent or received data.
 */
function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'The key service did not respond in time.';
  const code = codeOf(error);
  const reason = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown';
  return `The request to the key service failed: ${reason}.`;
}

/** Verifies keys with the service over keep-alive connections. */
export class VerifyClient implements KeySource {
  readonly countsRequests = true;
  readonly #options: VerifyClientOptions;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  #pool: Pool;
  /** Replaced pools whose last requests have not ended yet. */
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
   * Verifies a key and reports how many requests with it were answered from the cache. Never
   * rejects: without a response of the service the answer is `unavailable`, and `onError` is
   * called.
   */
  async ask(key: string, cachedAnswers: number): Promise<Answer> {
    const { timeout, onError, now } = this.#options;
    const startedAt = now();
    const answer = await this.#exchange(key, cachedAnswers, AbortSignal.timeout(timeout)).then(
      (received) => readResponse(received, startedAt),
      (error: unknown) => unavailableAnswer(reasonOf(error)),
    );
    if (answer.kind === 'unavailable') onError(new Error(answer.reason));
    return answer;
  }

  /** Closes all connections. Pending requests fail. */
  async close(): Promise<void> {
    await Promise.all([this.#pool, ...this.#replaced].map((pool) => pool.destroy()));
  }

  #createPool(): Pool {
    // HTTP/1.1, because a broken HTTP/2 connection would fail all requests on it.
    return new Pool(this.#options.url.origin, { connections, maxResponseSize: maximumAnswer, allowH2: false });
  }

  /**
   * Replaces a pool with a broken connection, because its others are probably broken as well. The
   * old pool closes after its pending requests.
   */
  #replace(pool: Pool): void {
    if (pool !== this.#pool) return;
    this.#pool = this.#createPool();
    this.#replaced.add(pool);
    const end = () => this.#replaced.delete(pool);
    pool.close().then(end, end);
  }

  /**
   * Sends a request, and retries it over a new connection if its connection breaks. A restart of
   * the service, or a proxy that drops idle connections, breaks all kept connections at once.
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

/** Parses JSON. Returns undefined for invalid text, because a parser's error quotes it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
