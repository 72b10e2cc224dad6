import { setTimeout as delay } from 'node:timers/promises';
import { cachedAnswersHeader, guardSecretHeader } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import { verifyApiKey } from '@andamio/schema/operations';
// Imports the file, because Bun replaces the module `undici` with an implementation that lacks
// `Pool`.
import { Pool } from 'undici/index.js';
import { type Answer, type KeySource, unavailableAnswer } from '../key-source.ts';
import { type Received, readResponse } from './response.ts';

/** Maximum size of a response in bytes. Responses of the service have a few hundred bytes. */
const maximumAnswer = 16_384;

/** Maximum number of connections. Further requests queue for a connection until their timeout. */
const connections = 64;

/** Error codes of a connection that was closed or reset. */
const connectionBroke: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** Milliseconds before each retry of a request whose connection broke. */
const pausesAfterBreak = [0, 50, 100, 200, 400];

export interface VerifyClientOptions {
  /** Base URL of the service. */
  readonly url: URL;
  /** Secret sent with each request, so that the service does not rate-limit the guard's address. */
  readonly guardSecret: string | undefined;
  /** Timeout of a request in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code;

/**
 * Returns the reason for a failed request, for the log. The error itself is not logged because some
 * messages quote sent or received data.
 */
function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'The key service did not respond in time.';
  const code = codeOf(error);
  const reason = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown';
  return `The request to the key service failed: ${reason}.`;
}

/** Verifies keys with the service's `verify` operation over keep-alive connections. */
export class VerifyClient implements KeySource {
  readonly countsRequests = true;
  readonly #options: VerifyClientOptions;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  #pool: Pool;
  /** Replaced pools that still have requests in flight. */
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
   * Verifies a key, and reports to the service how many requests with the key were answered from
   * the cache. Never rejects. If the service cannot be reached, calls `onError` and resolves to an
   * `unavailable` answer.
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

  /** Closes all connections. Requests in flight fail. */
  async close(): Promise<void> {
    await Promise.all([this.#pool, ...this.#replaced].map((pool) => pool.destroy()));
  }

  #createPool(): Pool {
    // HTTP/1.1 uses one connection per request. A broken HTTP/2 connection would fail all requests
    // on it.
    return new Pool(this.#options.url.origin, {
      connections,
      maxResponseSize: maximumAnswer,
      allowH2: false,
    });
  }

  /**
   * Replaces a pool after one of its connections broke, because its other connections are probably
   * broken too. The old pool closes when its pending requests have completed.
   */
  #replace(pool: Pool): void {
    if (pool !== this.#pool) return;
    this.#pool = this.#createPool();
    this.#replaced.add(pool);
    const end = () => this.#replaced.delete(pool);
    pool.close().then(end, end);
  }

  /**
   * Sends a request and retries it over a new connection if the connection breaks. When the service
   * restarts or a proxy drops idle connections, all keep-alive connections break at once.
   */
  async #exchange(key: string, cachedAnswers: number, signal: AbortSignal): Promise<Received> {
    for (let breaks = 0; ; breaks++) {
      const pool = this.#pool;
      try {
        return await this.#request(pool, key, cachedAnswers, signal);
      } catch (error) {
        const pause = connectionBroke.includes(codeOf(error))
          ? pausesAfterBreak[breaks]
          : undefined;
        if (pause === undefined) throw error;
        this.#replace(pool);
        if (pause > 0)
          await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #request(
    pool: Pool,
    key: string,
    cachedAnswers: number,
    signal: AbortSignal,
  ): Promise<Received> {
    const headers: Record<string, string> = { ...this.#headers, [apiKeyHeader]: key };
    if (cachedAnswers > 0) headers[cachedAnswersHeader] = `${cachedAnswers}`;
    const response = await pool.request({ method: 'GET', path: this.#path, headers, signal });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, body: parsed(text) };
  }
}

/**
 * Parses JSON. Returns undefined for invalid text instead of throwing, because the parser's error
 * quotes the text.
 */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
