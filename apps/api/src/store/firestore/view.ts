import type { DeviceLogin } from '@andamio/keys/device-login/model';
import type { IdempotencyRecord } from '@andamio/keys/idempotency';
import type { KeyRecord, NameView, OwnerRecord, OwnerScope, View } from '@andamio/keys/model';
import type { KeyId } from '@andamio/verification/digest';
import type { DocumentReference, Firestore } from '@google-cloud/firestore';
import { deviceLoginDocumentOf, parseLogin } from './device-logins.ts';
import {
  documentsOf,
  type Found,
  keyDocumentOf,
  type NameDocument,
  type OwnerDocument,
  ownerDocumentOf,
  parseKey,
  parseName,
  parseOwner,
  type StoredKey,
} from './documents.ts';
import { parseRecord, recordDocumentOf } from './idempotency.ts';
import { ownerRecordOf, unexpired } from './owner.ts';

/** The data that a Firestore transaction reads. */
export interface Target extends OwnerScope {
  /** The secret that was found by one of the scope's ids. */
  readonly located?: KeyRecord;
}

/** The documents of a name. The documents of its secrets are undefined if they were not read. */
interface NameDocuments {
  readonly name: Found<NameDocument> | undefined;
  readonly key: Found<StoredKey> | undefined;
  readonly previous: Found<StoredKey> | undefined;
}

/** A consistent snapshot of the documents that a transaction reads. */
export interface Documents {
  readonly owner?: Found<OwnerDocument> | undefined;
  /** The documents of each name in the transaction's scope. */
  readonly names?: ReadonlyMap<string, NameDocuments>;
  readonly record?: Found<IdempotencyRecord> | undefined;
  readonly deviceLogin?: Found<DeviceLogin> | undefined;
}

/** Returns the ids of the secrets that a transaction reads for a name. */
function secretsOf(name: Found<NameDocument> | undefined, { reads }: Target): string[] {
  if (name === undefined || reads === undefined) return [];
  const { key_id, previous_id } = name.content;
  return reads === 'both' && previous_id !== null ? [key_id, previous_id] : [key_id];
}

/**
 * Reads the documents of a transaction. The ids of the secrets are known only from the name's
 * document, so secrets take a second read.
 *
 * The second read includes all documents again, for a consistent snapshot. Otherwise, an earlier
 * attempt of the same transaction might be committed between the reads. The key would then contain
 * the attempt's change, but the owner's document, which identifies the attempt, would not. If a
 * name has another key by the second read, the documents are read once more.
 */
export async function readDocuments(firestore: Firestore, target: Target): Promise<Documents> {
  const { userId, names = [], request, deviceLoginId } = target;
  const owner = ownerDocumentOf(firestore, userId);
  const nameDocuments = new Map(
    names.map((name) => [name, documentsOf(firestore, { userId, name }).name]),
  );
  const record = request && recordDocumentOf(firestore, request);
  const deviceLogin =
    deviceLoginId === undefined ? undefined : deviceLoginDocumentOf(firestore, deviceLoginId);
  const others = [record, deviceLogin].filter((reference) => reference !== undefined);
  const known = [owner, ...nameDocuments.values(), ...others];
  for (let ids: readonly string[] = []; ; ) {
    const all = [...known, ...ids.map((id) => keyDocumentOf(firestore, id))];
    const snapshots = new Map(
      (await firestore.getAll(...all)).map((snapshot) => [snapshot.ref.path, snapshot]),
    );
    const find = <Content>(reference: DocumentReference | undefined, parse: Parse<Content>) => {
      const snapshot = reference && snapshots.get(reference.path);
      return snapshot && parse(snapshot);
    };
    const found = [...nameDocuments].map(
      ([name, document]) => [name, find(document, parseName)] as const,
    );
    const wanted = found.flatMap(([, name]) => secretsOf(name, target));
    if (!wanted.every((id) => ids.includes(id))) {
      ids = wanted;
      continue;
    }
    const findKey = (id: string | null | undefined) =>
      id ? find(keyDocumentOf(firestore, id), parseKey) : undefined;
    return {
      owner: find(owner, parseOwner),
      record: find(record, parseRecord),
      deviceLogin: find(deviceLogin, parseLogin),
      names: new Map(
        found.map(([of, name]) => [
          of,
          {
            name,
            key: findKey(name?.content.key_id),
            previous: findKey(name?.content.previous_id),
          },
        ]),
      ),
    };
  }
}

type Parse<Content> = (
  snapshot: Awaited<ReturnType<DocumentReference['get']>>,
) => Found<Content> | undefined;

/** A view of documents that were read before the decision. */
export class FirestoreView implements View {
  readonly #documents: Documents;
  readonly #target: Target;

  constructor(documents: Documents, target: Target) {
    this.#documents = documents;
    this.#target = target;
  }

  get owner(): OwnerRecord | undefined {
    const { owner } = this.#documents;
    return owner && ownerRecordOf(owner.content);
  }

  at(of: string): NameView {
    const { name, key, previous } = this.#documents.names?.get(of) ?? {};
    return {
      named: name && {
        id: name.content.key_id as KeyId,
        serial: name.content.serial,
        deleteAfter: name.content.remove_at,
      },
      previousId: name?.content.previous_id ?? undefined,
      key: key?.content.record,
      previous: previous?.content.record,
    };
  }

  get located(): KeyRecord | undefined {
    return this.#target.located;
  }

  get idempotencyRecord(): IdempotencyRecord | undefined {
    return this.#documents.record?.content;
  }

  get deviceLogin(): DeviceLogin | undefined {
    return this.#documents.deviceLogin?.content;
  }

  get #active() {
    return this.#documents.owner?.content.active ?? {};
  }

  countUnexpired(): number {
    return unexpired(this.#active, this.#target.now).length;
  }

  isCounted({ id }: KeyRecord): boolean {
    return (this.#active[id] ?? 0) > this.#target.now;
  }
}
