import { isNews } from '../../keys/owner.ts';
import type { ClaimTierCommand } from '../../keys/store.ts';
import { settle } from './contest.ts';
import type { Database } from './database.ts';
import { type Found, type OwnerDocument, ownerDocumentOf, parseOwner } from './documents.ts';
import { tierClaimIn } from './owner.ts';
import { writeOwner } from './write-owner.ts';

/** Writes what a newer token says of the tier on the owner, and on its keys where the tier is another. */
export function claimTier(database: Database, command: ClaimTierCommand): Promise<void> {
  const { firestore } = database;
  const document = ownerDocumentOf(firestore, command.userId);
  return settle<Found<OwnerDocument> | undefined, void>({
    read: async () => parseOwner(await document.get()),
    decide(owner) {
      if (owner === undefined || !isNews(command.tierClaim, tierClaimIn(owner.content))) return { outcome: undefined };
      const writes = firestore.batch();
      writeOwner(database, writes, document, owner, command);
      return { outcome: undefined, writes };
    },
  });
}
