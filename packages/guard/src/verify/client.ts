import { apiKeyHeader } from '@andamio/schema/key-format';
import { verifyApiKey } from '@andamio/schema/operations';
import { cachedAnswersHeader } from '@andamio/schema/guards';
import { Pool } from 'undici';
import { type Answer, notAnswered, type Source } from '../source.ts';
import { type Received, readAnswer } from './answer.ts';

/** The most that is read of an answer, in bytes: the service's are a few hundred. */
const longestAnswer = 16_384;

/** Connections at most. What comes on top waits for one, within its own time limit. */
const connections = 64;

/** What a connection that the service has closed meanwhile ends a request with. */
const connectionEnded: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

export interface VerifyClientOptions {
  /** The service, without a slash at the end. */
  readonly url: URL;
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
  readonly #pool: Pool;
  readonly #path: string;

  constructor(options: VerifyClientOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url.origin, { connections, maxResponseSize: longestAnswer });
    this.#path = options.url.pathname.replace(/\/$/, '') + verifyApiKey.path;
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
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** One request; a second one where a connection ended under the first, which every restart of the service does to somebody. */
  async #exchange(key: string, cachedAnswers: number, signal: AbortSignal): Promise<Received> {
    try {
      return await this.#request(key, cachedAnswers, signal);
    } catch (error) {
      if (!connectionEnded.includes(codeOf(error))) throw error;
      return this.#request(key, cachedAnswers, signal);
    }
  }

  async #request(key: string, cachedAnswers: number, signal: AbortSignal): Promise<Received> {
    const headers: Record<string, string> = { [apiKeyHeader]: key, Accept: 'application/json' };
    if (cachedAnswers > 0) headers[cachedAnswersHeader] = `${cachedAnswers}`;
    const response = await this.#pool.request({ method: 'GET', path: this.#path, headers, signal });
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
