import type { IdempotencyRecord } from '@andamio/keys/idempotency';
import type { KeyRecord, NamedKey, OwnerRecord, OwnerScope, View } from '@andamio/keys/model';
import type { DocumentReference, Firestore } from '@google-cloud/firestore';
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
  /** Whether the key's previous secret is read as well. */
  readonly readsPrevious?: boolean;
  /** The secret that was found by one of the scope's ids. */
  readonly located?: KeyRecord;
}

/** A consistent snapshot of the documents that a transaction reads. */
export interface Documents {
  readonly owner?: Found<OwnerDocument> | undefined;
  readonly name?: Found<NameDocument> | undefined;
  readonly key?: Found<StoredKey> | undefined;
  readonly previous?: Found<StoredKey> | undefined;
  readonly record?: Found<IdempotencyRecord> | undefined;
}

/**
 * Returns the ids of the secrets that a transaction reads: the current secret, then the previous
 * one.
 */
function secretsOf(
  name: Found<NameDocument> | undefined,
  { readsKey, readsPrevious }: Target,
): string[] {
  if (name === undefined) return [];
  const { key_id, previous_id } = name.content;
  return [readsKey ? key_id : null, readsPrevious ? previous_id : null].filter((id) => id !== null);
}

/**
 * Reads the documents of a transaction. The ids of the secrets are known only from the name's
 * document, so secrets take a second read.
 *
 * The second read includes all documents again, for a consistent snapshot. Otherwise, an earlier
 * attempt of the same transaction might be committed between the reads. The key would then contain
 * the attempt's change, but the owner's document, which identifies the attempt, would not. If the
 * name has another key by the second read, the documents are read once more.
 */
export async function readDocuments(firestore: Firestore, target: Target): Promise<Documents> {
  const { userId, name: keyName, request } = target;
  const references: Partial<Record<'owner' | 'name' | 'record', DocumentReference>> = {
    owner: ownerDocumentOf(firestore, userId),
    ...(keyName !== undefined && { name: documentsOf(firestore, { userId, name: keyName }).name }),
    ...(request !== undefined && { record: recordDocumentOf(firestore, request) }),
  };
  const known = Object.values(references);
  for (let ids: readonly string[] = []; ; ) {
    const all = [...known, ...ids.map((id) => keyDocumentOf(firestore, id))];
    const snapshots = new Map(
      (await firestore.getAll(...all)).map((snapshot) => [snapshot.ref.path, snapshot]),
    );
    const find = <Content>(reference: DocumentReference | undefined, parse: Parse<Content>) => {
      const snapshot = reference && snapshots.get(reference.path);
      return snapshot && parse(snapshot);
    };
    const name = find(references.name, parseName);
    const wanted = secretsOf(name, target);
    if (!wanted.every((id) => ids.includes(id))) {
      ids = wanted;
      continue;
    }
    const findKey = (id: string | null | undefined) =>
      id ? find(keyDocumentOf(firestore, id), parseKey) : undefined;
    return {
      owner: find(references.owner, parseOwner),
      name,
      record: find(references.record, parseRecord),
      key: findKey(name?.content.key_id),
      previous: findKey(name?.content.previous_id),
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

  get named(): NamedKey | undefined {
    const { name } = this.#documents;
    return (
      name && {
        id: name.content.key_id,
        serial: name.content.serial,
        deleteAfter: name.content.remove_at,
      }
    );
  }

  get previousId(): string | undefined {
    return this.#documents.name?.content.previous_id ?? undefined;
  }

  get key(): KeyRecord | undefined {
    return this.#documents.key?.content.record;
  }

  get previous(): KeyRecord | undefined {
    return this.#documents.previous?.content.record;
  }

  get located(): KeyRecord | undefined {
    return this.#target.located;
  }

  get idempotencyRecord(): IdempotencyRecord | undefined {
    return this.#documents.record?.content;
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
