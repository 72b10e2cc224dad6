import { createDigester, type DigestKey } from '@andamio/verification/digest';
import type { Connection } from '@andamio/verification/firestore/client';
import { DeadlineError, withDeadline } from '@andamio/verification/firestore/deadline';
import { DocumentError, findKey } from '@andamio/verification/firestore/key-document';
import { createKeyReader, type ReadKey } from '@andamio/verification/firestore/key-reader';
import { explainRefusal } from '@andamio/verification/firestore/refusal';
import { isValid } from '@andamio/verification/verify-key';
import { createApiKey } from '../api-key.ts';
import { invalidKey } from '../refusal.ts';
import { type Answer, notAnswered, type Source } from '../source.ts';

export interface FirestoreSourceOptions {
  readonly address: { readonly project: string; readonly database: string };
  readonly digestKeys: readonly [DigestKey, ...DigestKey[]];
  /** How old an answer may be, in milliseconds. */
  readonly maximumAge: number;
  /** For a whole look-up, in milliseconds. */
  readonly timeout: number;
  readonly onError: (error: Error) => void;
}

/** Why nothing was found out, for a log. The error itself stays here: its cause may show more than a log should. */
function reasonOf(error: unknown): string {
  if (error instanceof DeadlineError || error instanceof DocumentError) return error.message;
  const refusal = explainRefusal(error);
  if (refusal !== undefined) return refusal;
  const code = (error as { code?: unknown } | undefined)?.code;
  return `Firestore could not be read: ${typeof code === 'number' || typeof code === 'string' ? code : 'unknown'}.`;
}

/** An open client, and what reads keys by it. */
interface Database {
  readonly connection: Connection;
  readonly readKey: ReadKey;
}

/** Looks keys up where the service stores them: one call, whatever the number of peppers and of keys that are asked about in one turn. */
export class FirestoreSource implements Source {
  /** Nobody else sees the requests. */
  readonly counts = false;
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
      notAnswered(reasonOf(error)),
    );
    if (answer.kind === 'unavailable') onError(new Error(answer.reason));
    return answer;
  }

  /** Ends all connections. */
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
      kind: 'good',
      apiKey: createApiKey({ userId, name, tier: found.tier }, expiresAt * 1000),
      maximumAge: Math.min(this.#options.maximumAge, expiresAt * 1000 - now),
    };
  }

  /** The client library is large, and a peer that guards who ask the service need not have: it is loaded by the first look-up. */
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
