import { randomUUID } from 'node:crypto';
import { revocationEntry } from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import type { OwnerCommand } from '@andamio/keys/model';
import type { RevokedKey } from '@andamio/keys/revoke';
import { collections } from '@andamio/schema/firestore-layout';
import type { KeyId } from '@andamio/verification/digest';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import type { Database } from './database.ts';
import { withStoreDeadline } from './deadline.ts';
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
import { unexpired } from './owner.ts';
import { documentsWhere } from './query.ts';
import { writeOwner } from './write-owner.ts';

/**
 * Maximum number of names whose keys one commit revokes. Each name adds at most two deleted keys
 * and one audit entry to the commit.
 */
const chunk = 100;

/**
 * A part of an owner's keys, grouped by name. It contains unexpired keys as long as the owner has
 * any, and expired keys after that.
 */
interface Some {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly names: readonly {
    readonly name: string;
    readonly keys: StoredKey[];
    readonly document?: NameDocument;
  }[];
}

/**
 * Reads the owner first, then some of the owner's keys. Every change to a key also changes the
 * owner's document. A commit that requires the owner to be unchanged therefore fails if any of
 * these keys has changed.
 */
async function readSome({ firestore }: Database, { userId, now }: OwnerCommand): Promise<Some> {
  const owner = parseOwner(await ownerDocumentOf(firestore, userId).get());
  const active = unexpired(owner?.content.active, now).slice(0, chunk);
  const keysOfUser = documentsWhere(firestore, collections.keys, 'user_id', '==', userId).limit(
    chunk,
  );
  const snapshots =
    active.length > 0
      ? await firestore.getAll(...active.map(([id]) => keyDocumentOf(firestore, id)))
      : (await keysOfUser.get()).docs;
  const keys = snapshots.flatMap((snapshot) => parseKey(snapshot)?.content ?? []);
  const byName = Map.groupBy(keys, ({ record }) => record.name);
  const documents = [...byName.keys()].map((name) => documentsOf(firestore, { userId, name }).name);
  const found = documents.length === 0 ? [] : await firestore.getAll(...documents);
  return {
    owner,
    names: [...byName].map(([name, held], index) => {
      const document = found[index] && parseName(found[index])?.content;
      return { name, keys: held, ...(document !== undefined && { document }) };
    }),
  };
}

/** Revokes some of an owner's keys. Returns undefined if there are none. */
function revokeSome(
  database: Database,
  command: OwnerCommand,
): Promise<readonly RevokedKey[] | undefined> {
  const { firestore } = database;
  const { userId, now } = command;
  const mark = randomUUID();
  let made: readonly RevokedKey[] | undefined;
  return commitWithRetry<Some, readonly RevokedKey[] | undefined>({
    read: () => readSome(database, command),
    decide({ owner, names }) {
      if (made !== undefined && owner?.content.attempts.includes(mark)) return { outcome: made };
      if (names.length === 0) return { outcome: undefined };
      const writes = firestore.batch();
      const ended: RevokedKey[] = [];
      const drop: string[] = [];
      for (const { name, keys, document } of names) {
        const current = (document?.key_id as KeyId | undefined) ?? (keys[0] as StoredKey).record.id;
        const ids = [
          ...new Set([
            current,
            ...keys.map(({ record }) => record.id),
            document?.previous_id ?? current,
          ]),
        ];
        for (const id of ids) writes.delete(keyDocumentOf(firestore, id));
        writes.delete(documentsOf(firestore, { userId, name }).name);
        drop.push(...ids);
        // A key whose retention has passed is deleted without an audit entry. The name's document
        // is checked as well, because the name's current key may not be among the keys that were
        // read.
        const isHeld =
          document !== undefined && !isRemoved({ deleteAfter: document.remove_at }, now);
        if (!isHeld && keys.every(({ record }) => isRemoved(record, now))) continue;
        ended.push({ id: current, userId, name });
        audit(database, writes, revocationEntry(command, { id: current, name }));
      }
      writeOwner(database, writes, ownerDocumentOf(firestore, userId), owner, {
        userId,
        now,
        drop,
        mark,
      });
      made = ended;
      return { outcome: made, writes };
    },
  });
}

/** Revokes all keys of an owner, with one commit after another until no keys are left. */
export async function revokeAll(
  database: Database,
  command: OwnerCommand,
): Promise<readonly RevokedKey[]> {
  const all: RevokedKey[] = [];
  for (;;) {
    const ended = await withStoreDeadline(() => revokeSome(database, command));
    if (ended === undefined) return all;
    all.push(...ended);
  }
}
