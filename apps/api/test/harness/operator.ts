import type { OwnerCommand } from '../../src/keys/administration.ts';
import type { RevokeCommand } from '../../src/keys/revoke.ts';
import type { RedigestCommand } from '../../src/keys/store.ts';
import { digest, present } from './commands.ts';

/** Who changes things in tests that say nothing else. */
export const operator = { kind: 'operator', id: 'olga' } as const;

/** What an operator does to the owner that the tests' other commands name, except for what the test says. */
export function order(wish: Partial<OwnerCommand> = {}): OwnerCommand {
  return { userId: 'owner', by: operator, now: present, ...wish };
}

/** A command to end the secret that has one of the ids, except for what the test says. */
export function revocation(ids: readonly string[], wish: Partial<RevokeCommand> = {}): RevokeCommand {
  return { ids, by: operator, now: present, ...wish };
}

/** A command to have the secret that has the id known under a pepper of the version `next`, except for what the test says. */
export function redigestion(from: string, wish: Partial<RedigestCommand> = {}): RedigestCommand {
  return { from, to: { id: digest(), pepperVersion: 'next' }, now: present, ...wish };
}
