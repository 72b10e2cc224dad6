import { createDigester, type DigestKey } from '@andamio/verification/digest';
import type { Connection } from '@andamio/verification/firestore/client';
import { DeadlineError, withDeadline } from '@andamio/verification/firestore/deadline';
import { DocumentError, findKey } from '@andamio/verification/firestore/key-document';
import { createKeyReader, type ReadKey } from '@andamio/verification/firestore/key-reader';
import { explainRefusal } from '@andamio/verification/firestore/refusal';
import { isValid } from '@andamio/verification/verify-key';
import { createApiKey } from '../api-key.ts';
import { type Answer, type KeySource, unavailableAnswer } from '../key-source.ts';
import { invalidKey } from '../refusal.ts';

/** Options of a {@link FirestoreSource}. */
export interface FirestoreSourceOptions {
  readonly address: { readonly project: string; readonly database: string };
  readonly digestKeys: readonly [DigestKey, ...DigestKey[]];
  /** Largest age of an answer, in milliseconds. */
  readonly maximumAge: number;
  /** Time limit of a look-up, in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
}

/**
 * Returns the reason of a failed look-up for the log. The error itself is not logged, because its
 * cause may contain more than a log should.
 */
function reasonOf(error: unknown): string {
  if (error instanceof DeadlineError || error instanceof DocumentError) return error.message;
  const refusal = explainRefusal(error);
  if (refusal !== undefined) return refusal;
  const code = (error as { code?: unknown } | undefined)?.code;
  return `Firestore could not be read: ${typeof code === 'number' || typeof code === 'string' ? code : 'unknown'}.`;
}

/** An open client with its key reader. */
interface Database {
  readonly connection: Connection;
  readonly readKey: ReadKey;
}

/**
 * Looks keys up in the service's database. All keys requested in one turn of the event loop take
 * one call, under any number of peppers.
 */
export class FirestoreSource implements KeySource {
  /** The service does not see the requests. */
  readonly countsRequests = false;
  readonly #options: FirestoreSourceOptions;
  readonly #digesters;
  #opening: Promise<Database> | undefined;

  constructor(options: FirestoreSourceOptions) {
    this.#options = options;
    this.#digesters = options.digestKeys.map(createDigester);
  }

  async ask(key: string): Promise<Answer> {
    const { timeout, onError } = this.#options;
    const answer = await withDeadline(timeout, () => this.#find(key)).catch((error: unknown) =>
      unavailableAnswer(reasonOf(error)),
    );
    if (answer.kind === 'unavailable') onError(new Error(answer.reason));
    return answer;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    const database = await this.#opening?.catch(() => undefined);
    await database?.connection.close();
  }

  async #find(key: string): Promise<Answer> {
    const { connection, readKey } = await this.#open();
    const ids = this.#digesters.map((digester) => digester.digest(key));
    const found = await connection.use(() => findKey(readKey, ids));
    const now = Date.now();
    if (found === undefined || !isValid(found, now)) return { kind: 'refused', refusal: invalidKey };
    const { userId, name, expiresAt } = found.record;
    return {
      kind: 'valid',
      apiKey: createApiKey({ userId, name, tier: found.tier }, expiresAt * 1000),
      maximumAge: Math.min(this.#options.maximumAge, expiresAt * 1000 - now),
    };
  }

  /**
   * Loads the client library with the first look-up. It is large, and guards that verify by HTTP
   * need not have it installed.
   */
  #open(): Promise<Database> {
    this.#opening ??= import('@andamio/verification/firestore/client')
      .then(({ openDatabase }) => {
        const connection = openDatabase(this.#options.address);
        return { connection, readKey: createKeyReader(connection.firestore) };
      })
      .catch((error: unknown) => {
        this.#opening = undefined;
        throw error;
      });
    return this.#opening;
  }
}
