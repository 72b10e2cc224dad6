import { erasureEntry } from '@andamio/keys/audit';
import { unknownOwner } from '@andamio/keys/claim-tier';
import type { OwnerCommand } from '@andamio/keys/model';
import { type CollectionByUser, collectionsByUser } from '@andamio/schema/firestore-layout';
import type { DocumentSnapshot } from '@google-cloud/firestore';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import type { Database } from './database.ts';
import { withStoreDeadline } from './deadline.ts';
import {
  type Found,
  keyDocumentOf,
  type OwnerDocument,
  ownerDocumentOf,
  parseOwner,
} from './documents.ts';
import { ownerRecordOf, unexpired } from './owner.ts';
import { documentsWhere } from './query.ts';
import { eraseMonths } from './usage-documents.ts';
import { writeOwner } from './write-owner.ts';

type ErasureCommand = Omit<OwnerCommand, 'reason'>;

/** Maximum number of documents that one commit deletes. */
const chunk = 400;

async function readSome(
  { firestore }: Database,
  collection: CollectionByUser,
  userId: string,
  limit: number,
) {
  const query = documentsWhere(firestore, collection, 'user_id', '==', userId)
    .limit(limit)
    .select();
  return (await query.get()).docs;
}

/** Reports whether anything is stored about a user except the owner's document. */
async function isAnythingLeft(database: Database, userId: string): Promise<boolean> {
  const found = await Promise.all(
    collectionsByUser.map((collection) => readSome(database, collection, userId, 1)),
  );
  return found.some((documents) => documents.length > 0);
}

interface Beginning {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly isKnown: boolean;
}

/**
 * Begins an erasure: deletes the unexpired keys, so that they stop working, suspends the owner, and
 * writes the audit entry. The owner's document, which contains the suspension, is the last to be
 * deleted.
 *
 * @returns whether there is anything to erase.
 */
function begin(database: Database, { userId, by, now }: ErasureCommand): Promise<boolean> {
  const { firestore } = database;
  const document = ownerDocumentOf(firestore, userId);
  return commitWithRetry<Beginning, boolean>({
    async read() {
      const owner = parseOwner(await document.get());
      return { owner, isKnown: owner !== undefined || (await isAnythingLeft(database, userId)) };
    },
    decide({ owner, isKnown }) {
      if (!isKnown || owner?.content.erasing) return { outcome: isKnown };
      const { active = {}, superseded = {} } = owner?.content ?? {};
      const drop = unexpired({ ...active, ...superseded }, now).map(([id]) => id);
      const before = owner === undefined ? unknownOwner : ownerRecordOf(owner.content);
      const writes = firestore.batch();
      writeOwner(database, writes, document, owner, {
        userId,
        now,
        owner: { ...before, suspended: true, erasing: true },
        drop,
      });
      for (const id of drop) writes.delete(keyDocumentOf(firestore, id));
      audit(database, writes, erasureEntry({ at: now, actor: by, userId }));
      return { outcome: true, writes };
    },
  });
}

/** Replaces a user's months of usage with empty ones, which refuse late additions. */
function clearMonths(database: Database, { userId, now }: ErasureCommand): Promise<void> {
  return commitWithRetry<undefined, void>({
    read: async () => undefined,
    decide() {
      const writes = database.firestore.batch();
      eraseMonths(database, writes, userId, now);
      return { outcome: undefined, writes };
    },
  });
}

/** Deletes some of a user's documents in a collection. Returns whether there may be more. */
function removeSome(
  database: Database,
  collection: CollectionByUser,
  userId: string,
): Promise<boolean> {
  return commitWithRetry<readonly DocumentSnapshot[], boolean>({
    read: () => readSome(database, collection, userId, chunk),
    decide(documents) {
      if (documents.length === 0) return { outcome: false };
      const writes = database.firestore.batch();
      for (const { ref } of documents) writes.delete(ref);
      return { outcome: documents.length === chunk, writes };
    },
  });
}

/**
 * Deletes the owner's document if it has not changed since it was read. If it has changed, more
 * documents of the owner may have been written meanwhile. Returns whether the document no longer
 * exists.
 */
function removeOwner(
  { firestore }: Database,
  userId: string,
  known: Found<OwnerDocument>,
): Promise<boolean> {
  const document = ownerDocumentOf(firestore, userId);
  return commitWithRetry<Found<OwnerDocument> | undefined, boolean>({
    read: async () => parseOwner(await document.get()),
    decide(owner) {
      if (owner === undefined) return { outcome: true };
      if (!owner.updateTime.isEqual(known.updateTime)) return { outcome: false };
      return {
        outcome: true,
        writes: firestore.batch().delete(document, { lastUpdateTime: owner.updateTime }),
      };
    },
  });
}

/** Deletes everything that is stored about a user, beginning with the unexpired keys. */
export async function erase(database: Database, command: ErasureCommand): Promise<boolean> {
  const { userId } = command;
  const readOwner = async () => parseOwner(await ownerDocumentOf(database.firestore, userId).get());
  let isKnown = false;
  while (await withStoreDeadline(() => begin(database, command))) {
    isKnown = true;
    const owner = await withStoreDeadline(readOwner);
    if (!owner?.content.erasing) continue; // Another process has already completed the erasure.
    await withStoreDeadline(() => clearMonths(database, command));
    for (const collection of collectionsByUser) {
      while (await withStoreDeadline(() => removeSome(database, collection, userId)));
    }
    // The user may have looked up another device login meanwhile, which does not change the owner's
    // document.
    if (await withStoreDeadline(() => isAnythingLeft(database, userId))) continue;
    if (await withStoreDeadline(() => removeOwner(database, userId, owner))) break;
  }
  return isKnown;
}
