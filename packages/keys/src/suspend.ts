import { unknownOwner } from './claim-tier.ts';
import type { Change, Decision, OwnerCommand, View } from './model.ts';
import type { KeyStore } from './store.ts';

/** The outcome of suspending an owner. It is `already_suspended` if there was nothing to do. */
export type SuspendOutcome = 'suspended' | 'already_suspended';

/**
 * The outcome of resuming an owner. It is `not_suspended` if there was nothing to do, and
 * `being_erased` if the owner stays suspended because their data is being erased.
 */
export type ResumeOutcome = 'resumed' | 'not_suspended' | 'being_erased';

function setSuspended(view: View, command: OwnerCommand, suspended: boolean): readonly Change[] {
  const { userId, by: actor, reason, now: at } = command;
  const action = suspended ? 'user.suspended' : 'user.resumed';
  return [
    { type: 'put_owner', owner: { ...(view.owner ?? unknownOwner), suspended } },
    { type: 'append_audit_entry', entry: { at, actor, action, userId, reason } },
  ];
}

/** Decides whether an owner is suspended. An owner who is not stored can be suspended too. */
export function decideSuspension(view: View, command: OwnerCommand): Decision<SuspendOutcome> {
  if (view.owner?.suspended) return { outcome: 'already_suspended', changes: [] };
  return { outcome: 'suspended', changes: setSuspended(view, command, true) };
}

/** Decides whether an owner is resumed. An owner who is being erased stays suspended. */
export function decideResumption(view: View, command: OwnerCommand): Decision<ResumeOutcome> {
  if (view.owner?.erasing) return { outcome: 'being_erased', changes: [] };
  if (!view.owner?.suspended) return { outcome: 'not_suspended', changes: [] };
  return { outcome: 'resumed', changes: setSuspended(view, command, false) };
}

/**
 * Suspends an owner: all of the owner's keys and requests for keys are rejected until the owner is
 * resumed. An owner without keys can be suspended too.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function suspend(
  store: Pick<KeyStore, 'transact'>,
  command: OwnerCommand,
): Promise<SuspendOutcome> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideSuspension(view, command));
}

/**
 * Resumes an owner, unless the owner is being erased.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function resume(
  store: Pick<KeyStore, 'transact'>,
  command: OwnerCommand,
): Promise<ResumeOutcome> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideResumption(view, command));
}
