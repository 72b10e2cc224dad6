import type { DocumentReference } from '@google-cloud/firestore';
import { isNews } from '../../keys/owner.ts';
import type { ClaimTierCommand } from '../../keys/store.ts';
import { type Decision, settle } from './contest.ts';
import type { Database } from './database.ts';
import { type Found, type OwnerDocument, ownerDocumentOf, parseOwner } from './documents.ts';
import { tierClaimIn } from './owner.ts';
import { writeOwner } from './write-owner.ts';

/**
 * Decides to leave an owner's keys as they are. What its token says of the tier is written all the same if it is news: on the owner,
 * and on its keys where the tier is another. Of an owner that nobody knows nothing is written.
 */
export function unchanged<Outcome>(
  database: Database,
  document: DocumentReference,
  owner: Found<OwnerDocument> | undefined,
  { userId, tierClaim, now, by, reason }: ClaimTierCommand,
  outcome: Outcome,
): Decision<Outcome> {
  if (owner === undefined || !isNews(tierClaim, tierClaimIn(owner.content))) return { outcome };
  const writes = database.firestore.batch();
  writeOwner(database, writes, document, owner, { userId, tierClaim, now, by, reason });
  return { outcome, writes };
}

/** Keeps what a token says with which nothing is changed. */
export function claimTier(database: Database, command: ClaimTierCommand): Promise<void> {
  const document = ownerDocumentOf(database.firestore, command.userId);
  return settle<Found<OwnerDocument> | undefined, void>({
    read: async () => parseOwner(await document.get()),
    decide: (owner) => unchanged(database, document, owner, command, undefined),
  });
}
