import type { OwnerCommand } from '@andamio/keys/model';
import type { RehashCommand } from '@andamio/keys/rehash';
import type { RevokeCommand } from '@andamio/keys/revoke';
import { digest, present } from './commands.ts';

/** The operator who makes all changes in the tests, unless a test specifies another. */
export const operator = { kind: 'operator', id: 'olga' } as const;

/** Creates an operator's command about the default owner, with overrides. */
export function order(overrides: Partial<OwnerCommand> = {}): OwnerCommand {
  return { userId: 'owner', by: operator, now: present, ...overrides };
}

/** Creates a command that revokes the key with one of the ids, with overrides. */
export function revocation(
  ids: RevokeCommand['ids'],
  overrides: Partial<RevokeCommand> = {},
): RevokeCommand {
  return { ids, by: operator, now: present, ...overrides };
}

/** Creates a command that rehashes a key id under the pepper version `next`, with overrides. */
export function rehashing(
  from: RehashCommand['from'],
  overrides: Partial<RehashCommand> = {},
): RehashCommand {
  return { from, to: { id: digest(), pepperVersion: 'next' }, now: present, ...overrides };
}
