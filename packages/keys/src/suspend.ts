import type { Change, Decision, OwnerCommand, OwnerRecord, View } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * The outcome of suspending an owner. It is `already_suspended` if there was nothing to do, and
 * `no_such_user` if the owner is not stored.
 */
export type SuspendOutcome = 'suspended' | 'already_suspended' | 'no_such_user';

/**
 * The outcome of resuming an owner. It is `not_suspended` if there was nothing to do,
 * `being_erased` if the owner stays suspended because their data is being erased, and
 * `no_such_user` if the owner is not stored.
 */
export type ResumeOutcome = 'resumed' | 'not_suspended' | 'being_erased' | 'no_such_user';

function setSuspended(
  owner: OwnerRecord,
  command: OwnerCommand,
  suspended: boolean,
): readonly Change[] {
  const { userId, by: actor, reason, now: at } = command;
  const action = suspended ? 'user.suspended' : 'user.resumed';
  return [
    { type: 'put_owner', owner: { ...owner, suspended } },
    { type: 'append_audit_entry', entry: { at, actor, action, userId, reason } },
  ];
}

/** Decides whether an owner is suspended. */
export function decideSuspension({ owner }: View, command: OwnerCommand): Decision<SuspendOutcome> {
  if (owner === undefined) return { outcome: 'no_such_user', changes: [] };
  if (owner.suspended) return { outcome: 'already_suspended', changes: [] };
  return { outcome: 'suspended', changes: setSuspended(owner, command, true) };
}

/** Decides whether an owner is resumed. An owner who is being erased stays suspended. */
export function decideResumption({ owner }: View, command: OwnerCommand): Decision<ResumeOutcome> {
  if (owner === undefined) return { outcome: 'no_such_user', changes: [] };
  if (owner.erasing) return { outcome: 'being_erased', changes: [] };
  if (!owner.suspended) return { outcome: 'not_suspended', changes: [] };
  return { outcome: 'resumed', changes: setSuspended(owner, command, false) };
}

/**
 * Suspends an owner: all of the owner's keys and requests for keys are rejected until the owner is
 * resumed. The owner need not have a key at present.
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
