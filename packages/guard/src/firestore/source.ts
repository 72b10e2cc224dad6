import { createDigester, type DigestKey, idsOf } from '@andamio/verification/digest';
import type { Connection } from '@andamio/verification/firestore/client';
import { DeadlineError, withDeadline } from '@andamio/verification/firestore/deadline';
import { DocumentError, findKey } from '@andamio/verification/firestore/key-document';
import { createKeyReader, type ReadKey } from '@andamio/verification/firestore/key-reader';
import { explainRefusal } from '@andamio/verification/firestore/refusal';
import { isValid } from '@andamio/verification/verify-key';
import { createApiKey } from '../api-key.ts';
import { type Answer, type KeySource, unavailableAnswer } from '../key-source.ts';
import { invalidKey } from '../refusal.ts';

/**
 * The options of a {@link FirestoreSource}: the database in which it finds keys, and the cache time
 * of its answers.
 */
export interface FirestoreSourceOptions {
  readonly address: { readonly project: string; readonly database: string };
  readonly digestKeys: readonly [DigestKey, ...DigestKey[]];
  /** Maximum age of a cached answer in milliseconds. */
  readonly maximumAge: number;
  /** Timeout of a lookup in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
}

/**
 * Returns the reason for a failed lookup, for the log. The error itself is not logged because its
 * cause may contain sensitive data.
 */
function reasonOf(error: unknown): string {
  if (error instanceof DeadlineError || error instanceof DocumentError) return error.message;
  const refusal = explainRefusal(error);
  if (refusal !== undefined) return refusal;
  const code = (error as { code?: unknown } | undefined)?.code;
  return `Firestore could not be read: ${typeof code === 'number' || typeof code === 'string' ? code : 'unknown'}.`;
}

/** An open Firestore client and its key reader. */
interface Database {
  readonly connection: Connection;
  readonly readKey: ReadKey;
}

/**
 * Looks up keys in the service's Firestore database. Keys requested in the same turn of the event
 * loop are read in one call, regardless of the number of peppers.
 */
export class FirestoreSource implements KeySource {
  /** Lookups read the database directly, so the service cannot count them. */
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

  /** Closes all Firestore connections. */
  async close(): Promise<void> {
    const database = await this.#opening?.catch(() => undefined);
    await database?.connection.close();
  }

  async #find(key: string): Promise<Answer> {
    const { connection, readKey } = await this.#open();
    const ids = idsOf(this.#digesters, key);
    const found = await connection.use(() => findKey(readKey, ids));
    const now = Date.now();
    if (found === undefined || !isValid(found, now))
      return { kind: 'refused', refusal: invalidKey };
    const { userId, name, expiresAt } = found.record;
    return {
      kind: 'valid',
      apiKey: createApiKey({ userId, name, tier: found.tier }, expiresAt * 1000),
      maximumAge: Math.min(this.#options.maximumAge, expiresAt * 1000 - now),
    };
  }

  /**
   * Opens the database on the first lookup. The client library is large, and applications that
   * verify keys over HTTP do not need to install it.
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
