import type { ClaimTierCommand } from '../../keys/store.ts';
import { settle } from './contest.ts';
import type { Database } from './database.ts';
import { type Found, type OwnerDocument, ownerDocumentOf, parseOwner } from './documents.ts';
import { writeOwner } from './write-owner.ts';

/** Writes the tier of a newer token on the owner and on its keys. */
export function claimTier(database: Database, command: ClaimTierCommand): Promise<void> {
  const { firestore } = database;
  const document = ownerDocumentOf(firestore, command.userId);
  return settle<Found<OwnerDocument> | undefined, void>({
    read: async () => parseOwner(await document.get()),
    decide(owner) {
      const isNews = owner !== undefined && command.tierClaim.issuedAt > owner.content.tier_issued_at;
      if (!isNews) return { outcome: undefined };
      const writes = firestore.batch();
      writeOwner(database, writes, document, owner, command);
      return { outcome: undefined, writes };
    },
  });
}
