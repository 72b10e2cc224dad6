import type { InspectedOwner } from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import type { Context, Report } from '../command.ts';

/** The report for a user about whom nothing is stored. */
export const noSuchUser: Report = {
  done: false,
  json: { outcome: 'no_such_user' },
  text: ['There is no such user.'],
};

/** An owner, with the numbers of their active keys and of their stored keys. */
export interface FoundOwner extends InspectedOwner {
  /** Number of unexpired keys. */
  readonly activeKeys: number;
  /** Number of stored keys, including expired ones. */
  readonly storedKeys: number;
}

/** Returns a user's stored data, or a report if there is none. */
export async function findOwner(
  { store, now }: Context,
  userId: string,
): Promise<FoundOwner | Report> {
  const owner = await store.inspect(userId);
  if (owner === undefined) return noSuchUser;
  const nowSeconds = Math.floor(now() / 1000);
  const stored = owner.keys.filter((key) => !isRemoved(key, nowSeconds));
  return {
    ...owner,
    storedKeys: stored.length,
    activeKeys: stored.filter(({ expiresAt }) => expiresAt > nowSeconds).length,
  };
}
