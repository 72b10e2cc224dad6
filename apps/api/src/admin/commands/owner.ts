import type { InspectedOwner } from '../../keys/administration.ts';
import { isGone } from '../../keys/expiry.ts';
import type { Context, Report } from '../command.ts';

/** The report for a user of whom nothing is stored. */
export const noSuchUser: Report = {
  done: false,
  json: { outcome: 'no_such_user' },
  text: ['Nothing is known of this user.'],
};

/** An owner with the number of keys that are accepted now. */
export interface FoundOwner extends InspectedOwner {
  readonly activeKeys: number;
  /** Keys that are stored, expired ones included. */
  readonly storedKeys: number;
}

/** Looks an owner up before a change. Returns a report if nothing is known of the user. */
export async function findOwner({ store, now }: Context, userId: string): Promise<FoundOwner | Report> {
  const owner = await store.inspect(userId);
  if (owner === undefined) return noSuchUser;
  const present = Math.floor(now() / 1000);
  const stored = owner.keys.filter((key) => !isGone(key, present));
  return {
    ...owner,
    storedKeys: stored.length,
    activeKeys: stored.filter(({ expiresAt }) => expiresAt > present).length,
  };
}
