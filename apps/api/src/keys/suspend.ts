import { decideResumption, decideSuspension } from './decide/suspend.ts';
import type { OwnerCommand, ResumeOutcome, Suspension } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Has all keys of an owner refused, and its requests for keys, until it is resumed. An owner
 * without a key is suspended as well.
 *
 * @throws what {@link KeyStore.transact} throws.
 */
export function suspend(store: Pick<KeyStore, 'transact'>, command: OwnerCommand): Promise<Suspension> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideSuspension(view, command));
}

/**
 * Ends a suspension, unless the user is being erased.
 *
 * @throws what {@link KeyStore.transact} throws.
 */
export function resume(store: Pick<KeyStore, 'transact'>, command: OwnerCommand): Promise<ResumeOutcome> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideResumption(view, command));
}
