import type { KeyId } from '@andamio/verification/digest';
import { locatedSecret } from './located-secret.ts';
import type { Change, Decision, Secret, View } from './model.ts';
import type { KeyStore } from './store.ts';

/** A command to rehash a secret: to move its record to the key id computed with another pepper. */
export interface RehashCommand {
  /** The key id under which the secret is stored now. */
  readonly from: KeyId;
  readonly to: Pick<Secret, 'id' | 'pepperVersion'>;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * The outcome of a {@link RehashCommand}. It is `no_such_key` if the key was deleted or rehashed in
 * the meantime.
 */
export type RehashOutcome = 'rehashed' | 'no_such_key';

/**
 * Decides whether a secret is rehashed: its record is moved from its current key id to the key id
 * that is computed with another pepper.
 */
export function decideRehash(
  view: View,
  { from, to, now }: RehashCommand,
): Decision<RehashOutcome> {
  const located = locatedSecret(view, now);
  if (located?.secret.id !== from) return { outcome: 'no_such_key', changes: [] };

  const { isPrevious, secret } = located;
  const { userId, name } = secret;
  const replacement: Change = {
    type: 'put_secret',
    secret: isPrevious ? 'previous' : 'current',
    record: { ...secret, ...to },
  };
  const actor = { kind: 'service' } as const;
  const entry = { at: now, actor, action: 'key.redigested', userId, name, keyId: to.id } as const;
  return { outcome: 'rehashed', changes: [replacement, { type: 'append_audit_entry', entry }] };
}

/**
 * Moves a secret's record to the key id that is computed with another pepper.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function rehashSecret(
  store: Pick<KeyStore, 'transact'>,
  command: RehashCommand,
): Promise<RehashOutcome> {
  const { from, now } = command;
  return store.transact({ ids: [from], now }, (view) => decideRehash(view, command));
}
