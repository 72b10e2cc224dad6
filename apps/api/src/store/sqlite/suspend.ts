// Each of these runs within a transaction that nobody else writes in.
import { defaultTier } from '@andamio/schema/tiers';
import type { OwnerCommand, ResumeOutcome, Suspension } from '../../keys/administration.ts';
import { audit } from './audit.ts';
import type { Statements } from './statements.ts';

function setSuspended(statements: Statements, command: OwnerCommand, suspended: boolean): boolean {
  const { userId, by, reason, now } = command;
  const before = statements.findOwner.get(userId)?.['suspended'] === 1;
  if (before === suspended) return false;
  statements.setSuspended.run(userId, defaultTier, Number(suspended));
  const action = suspended ? 'user.suspended' : 'user.resumed';
  audit(statements, { at: now, actor: by, action, userId, reason });
  return true;
}

/** Has all of an owner's keys refused. */
export function suspend(statements: Statements, command: OwnerCommand): Suspension {
  const ids = statements.listUnexpired.all(command.userId, command.now).map(({ id }) => id as string);
  return { changed: setSuspended(statements, command, true), ids };
}

/** Ends that. */
export function resume(statements: Statements, command: OwnerCommand): ResumeOutcome {
  return setSuspended(statements, command, false) ? 'resumed' : 'not_suspended';
}
