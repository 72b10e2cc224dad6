import { collections } from '@andamio/schema/firestore-layout';
import { type OwnedKeys, StoreUnavailableError } from '../../keys/store.ts';
import type { Database } from './database.ts';
import { ownerDocumentOf, parseKey, parseOwner } from './documents.ts';

/**
 * Finds an owner's keys, in the time of one round trip. Expired ones stand on no list of ids: the owner's document would
 * outgrow its bound.
 */
export async function list({ firestore }: Database, userId: string): Promise<OwnedKeys> {
  const [owner, found] = await Promise.all([
    ownerDocumentOf(firestore, userId).get(),
    firestore.collection(collections.keys.id).where('user_id', '==', userId).get(),
  ]).catch((cause: unknown) => {
    throw new StoreUnavailableError('Firestore could not be read.', { cause });
  });
  const keys = found.docs
    .flatMap((document) => parseKey(document)?.content ?? [])
    .filter(({ superseded }) => !superseded)
    .map(({ record }) => record);
  // The two reads are of two moments: a first key may be issued between them.
  const first = keys.length === 0 ? undefined : Math.min(...keys.map(({ createdAt }) => createdAt));
  const content = parseOwner(owner)?.content;
  return {
    since: content?.created_at ?? first,
    tierClaim: content && { tier: content.tier, issuedAt: content.tier_issued_at },
    keys,
  };
}
