import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@andamio/keys/audit';
import type { IdempotencyRecord, IdempotentRequest } from '@andamio/keys/idempotency';
import type { Change, Decision, KeyRecord, OwnerRecord, View } from '@andamio/keys/model';
import type { WriteBatch } from '@google-cloud/firestore';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import { type Database, put } from './database.ts';
import { documentsOf, keyDocumentOf, ownerDocumentOf } from './documents.ts';
import { recordDocumentOf, recordFields } from './idempotency.ts';
import { type Documents, FirestoreView, readDocuments, type Target } from './view.ts';
import { writeOwner } from './write-owner.ts';

/** The guess for a transaction on an owner's first key. */
const nothingStored: Documents = {};

/**
 * Runs a decision on the stored data and commits its changes atomically, provided that the data has
 * not changed. Takes one round trip if the target has `expectsNothing` and nothing is stored.
 */
export function transact<Outcome>(
  database: Database,
  target: Target,
  decide: (view: View) => Decision<Outcome>,
): Promise<Outcome> {
  const mark = randomUUID();
  let attempted: { readonly outcome: Outcome } | undefined;
  return commitWithRetry<Documents, Outcome>({
    guess: target.expectsNothing ? nothingStored : undefined,
    read: () => readDocuments(database.firestore, target),
    decide(documents) {
      // The commit succeeded, but its response was lost.
      if (attempted !== undefined && documents.owner?.content.attempts.includes(mark))
        return attempted;
      const { outcome, changes } = decide(new FirestoreView(documents, target));
      if (changes.length === 0) return { outcome };
      attempted = { outcome };
      return { outcome, writes: writesOf(database, target, documents, changes, mark) };
    },
  });
}

/** The combined effect of a list of changes: the name's new state, and the other data to write. */
class Effect {
  owner: OwnerRecord | undefined;
  /** The key that has the name after the changes. Undefined if the changes remove the key. */
  key: Pick<KeyRecord, 'id' | 'serial' | 'deleteAfter'> | undefined;
  previousId: string | undefined;
  readonly put = new Map<string, KeyRecord>();
  readonly supersede = new Map<string, KeyRecord>();
  readonly drop = new Set<string>();
  readonly records: { readonly request: IdempotentRequest; readonly record: IdempotencyRecord }[] =
    [];
  readonly entries: AuditEntry[] = [];

  constructor(view: View, changes: readonly Change[]) {
    this.key = view.named;
    this.previousId = view.previousId;
    for (const change of changes) this.#apply(change);
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'put_key':
        this.previousId = undefined;
        this.#putKey(change.record);
        break;
      case 'replace_secret':
        this.drop.add(change.replacedId);
        this.#putKey(change.record);
        break;
      case 'extend':
        this.#putKey(change.record);
        break;
      case 'supersede':
        this.supersede.set(change.record.id, change.record);
        this.previousId = change.record.id;
        break;
      case 'remove':
        this.drop.add(change.id);
        if (change.secret === 'current') this.key = undefined;
        else this.previousId = undefined;
        break;
      case 'put_owner':
        this.owner = change.owner;
        break;
      case 'save_idempotency_record':
        this.records.push(change);
        break;
      case 'append_audit_entry':
        this.entries.push(change.entry);
        break;
      default:
        change satisfies never;
    }
  }

  #putKey(record: KeyRecord): void {
    this.put.set(record.id, record);
    this.key = record;
  }
}

const expiries = (keys: ReadonlyMap<string, KeyRecord>) =>
  Object.fromEntries([...keys].map(([id, { expiresAt }]) => [id, expiresAt]));

/**
 * Returns the writes for a list of changes. The commit of these writes fails if the owner's
 * document has changed since it was read.
 */
function writesOf(
  database: Database,
  target: Target,
  documents: Documents,
  changes: readonly Change[],
  mark: string,
): WriteBatch {
  const { firestore, write, timestamp } = database;
  const { userId, now } = target;
  const effect = new Effect(new FirestoreView(documents, target), changes);
  const writes = firestore.batch();
  const status = writeOwner(database, writes, ownerDocumentOf(firestore, userId), documents.owner, {
    userId,
    now,
    owner: effect.owner,
    put: expiries(effect.put),
    supersede: expiries(effect.supersede),
    drop: [...effect.drop],
    mark,
  });

  const read = [documents.key, documents.previous];
  const written = new Map([...effect.put, ...effect.supersede]);
  for (const [id, record] of written) {
    const found = read.find((key) => key?.content.record.id === id);
    const fields = write.key(record, status, effect.supersede.has(id));
    put(writes, keyDocumentOf(firestore, id), fields, found);
  }
  for (const id of effect.drop) if (!written.has(id)) writes.delete(keyDocumentOf(firestore, id));

  if (target.name !== undefined && written.size + effect.drop.size > 0) {
    const { name } = documentsOf(firestore, { userId, name: target.name });
    if (effect.key === undefined) writes.delete(name);
    else
      put(
        writes,
        name,
        write.name(userId, target.name, effect.key, effect.previousId ?? null),
        documents.name,
      );
  }

  for (const { request, record } of effect.records) {
    const fields = recordFields(userId, record, timestamp);
    put(writes, recordDocumentOf(firestore, request), fields, documents.record);
  }
  for (const entry of effect.entries) audit(database, writes, entry);
  return writes;
}
