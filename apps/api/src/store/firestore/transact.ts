import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@andamio/keys/audit';
import type { DeviceLogin } from '@andamio/keys/device-login/model';
import type { IdempotencyRecord, IdempotentRequest } from '@andamio/keys/idempotency';
import type { Change, Decision, KeyRecord, NameView, OwnerRecord, View } from '@andamio/keys/model';
import type { WriteBatch } from '@google-cloud/firestore';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import { type Database, put } from './database.ts';
import { putDeviceLogin } from './device-logins.ts';
import { documentsOf, keyDocumentOf, ownerDocumentOf } from './documents.ts';
import { recordDocumentOf, recordFields } from './idempotency.ts';
import { type Documents, FirestoreView, readDocuments, type Target } from './view.ts';
import { writeOwner } from './write-owner.ts';

/** The guess at the stored documents for a transaction on an owner's first key. */
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

/** The key ids of a name: those of its current and of its previous secret. */
type SecretIds = Pick<NameView, 'named' | 'previousId'>;

const idsIn = (names: readonly SecretIds[]): string[] =>
  names.flatMap(({ named, previousId }) =>
    [named?.id, previousId].filter((id) => id !== undefined),
  );

/**
 * The combined effect of a list of changes: the new state of names, and the other data to write.
 */
class Effect {
  owner: OwnerRecord | undefined;
  /** What is stored under each name that the changes concern. */
  readonly names = new Map<string, SecretIds>();
  readonly records: { readonly request: IdempotentRequest; readonly record: IdempotencyRecord }[] =
    [];
  login: DeviceLogin | undefined;
  readonly entries: AuditEntry[] = [];
  readonly #view: View;
  readonly #put = { current: new Map<string, KeyRecord>(), previous: new Map<string, KeyRecord>() };

  constructor(view: View, changes: readonly Change[]) {
    this.#view = view;
    for (const change of changes) this.#apply(change);
  }

  #apply(change: Change): void {
    switch (change.type) {
      case 'put_secret': {
        const { secret, record } = change;
        this.#put[secret].set(record.id, record);
        this.#set(record.name, secret, record);
        break;
      }
      case 'remove_secret':
        this.#set(change.name, change.secret, undefined);
        break;
      case 'put_owner':
        this.owner = change.owner;
        break;
      case 'save_idempotency_record':
        this.records.push(change);
        break;
      case 'put_device_login':
        this.login = change.login;
        break;
      case 'append_audit_entry':
        this.entries.push(change.entry);
        break;
      default:
        change satisfies never;
    }
  }

  #set(name: string, secret: 'current' | 'previous', record: KeyRecord | undefined): void {
    const { named, previousId } = this.names.get(name) ?? this.#view.at(name);
    this.names.set(
      name,
      secret === 'current' ? { named: record, previousId } : { named, previousId: record?.id },
    );
  }

  /** Returns the secrets to write, by key id, as they are after all changes. */
  written(secret: 'current' | 'previous'): ReadonlyMap<string, KeyRecord> {
    const kept = [...this.names.values()].map(({ named, previousId }) =>
      secret === 'current' ? named?.id : previousId,
    );
    return new Map([...this.#put[secret]].filter(([id]) => kept.includes(id)));
  }

  /** Returns the key ids under which the names no longer have a secret. */
  dropped(): readonly string[] {
    const before = idsIn([...this.names.keys()].map((name) => this.#view.at(name)));
    const after = new Set(idsIn([...this.names.values()]));
    return before.filter((id) => !after.has(id));
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
  const [current, previous] = [effect.written('current'), effect.written('previous')];
  const written = new Map([...current, ...previous]);
  const dropped = effect.dropped();
  const writes = firestore.batch();
  const status = writeOwner(database, writes, ownerDocumentOf(firestore, userId), documents.owner, {
    userId,
    now,
    owner: effect.owner,
    put: expiries(current),
    supersede: expiries(previous),
    drop: dropped,
    mark,
  });

  const read = [...(documents.names?.values() ?? [])].flatMap((one) => [one.key, one.previous]);
  for (const [id, record] of written) {
    const found = read.find((key) => key?.content.record.id === id);
    put(writes, keyDocumentOf(firestore, id), write.key(record, status, previous.has(id)), found);
  }
  for (const id of dropped) writes.delete(keyDocumentOf(firestore, id));

  for (const [name, { named, previousId }] of effect.names) {
    const document = documentsOf(firestore, { userId, name }).name;
    if (named === undefined) writes.delete(document);
    else {
      const fields = write.name(userId, name, named, previousId ?? null);
      put(writes, document, fields, documents.names?.get(name)?.name);
    }
  }

  for (const { request, record } of effect.records) {
    const fields = recordFields(userId, record, timestamp);
    put(writes, recordDocumentOf(firestore, request), fields, documents.record);
  }
  if (effect.login !== undefined)
    putDeviceLogin(database, writes, effect.login, documents.deviceLogin);
  for (const entry of effect.entries) audit(database, writes, entry);
  return writes;
}
