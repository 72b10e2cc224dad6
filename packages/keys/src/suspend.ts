import { decideResumption, decideSuspension } from './decide/suspend.ts';
import type { OwnerCommand, ResumeOutcome, SuspendOutcome } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Suspends an owner: all of the owner's keys and requests for keys are rejected until the owner is
 * resumed. An owner without keys can be suspended too.
 *
 * @throws the errors of {@link KeyStore.transact}.
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
 * @throws the errors of {@link KeyStore.transact}.
 */
export function resume(
  store: Pick<KeyStore, 'transact'>,
  command: OwnerCommand,
): Promise<ResumeOutcome> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideResumption(view, command));
}
