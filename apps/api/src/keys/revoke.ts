import type { Digester } from '@andamio/verification/digest';
import type { Actor } from './audit.ts';
import type { KeyDependencies } from './dependencies.ts';
import { isGone, removalOf } from './expiry.ts';
import type { EndedKeys, KeyRecord, KeyStore } from './store.ts';

/** One secret to be ended, by the ids that it may have: one for each pepper. */
export interface RevokeCommand {
  readonly ids: readonly string[];
  readonly by: Actor;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** A secret that was ended for good. */
export interface RevokedKey extends EndedKeys {
  /** The id that it had. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
}

/** What became of a {@link RevokeCommand}. */
export type RevokeOutcome = RevokedKey | 'no_such_key';

/** What ending one secret of a name comes to. */
export interface Revocation {
  readonly ended: KeyRecord;
  /**
   * What the name stands for from now on: as before where a secret ended that had been rolled away, that secret where the current
   * one ended within its grace, or nothing.
   */
  readonly left: 'current' | KeyRecord | undefined;
}

/** The secrets of one name. */
export interface Secrets {
  /** What the name stands for. */
  readonly current: KeyRecord | undefined;
  /** What was rolled away last; maybe it has ended. */
  readonly previous: KeyRecord | undefined;
}

/**
 * The rule of revoking, for stores to decide by while nobody else can change the owner's keys: exactly the one secret ends.
 * Where it is the current one and the one before is still in its grace, the name stands for that one again, with the expiry
 * that the roll left it, so that every secret that is accepted is listed and can be deleted.
 *
 * @param serial of the secret to end, which may have been digested anew meanwhile.
 */
export function revoked({ current, previous }: Secrets, serial: string, now: number): Revocation | 'no_such_key' {
  const ended = [current, previous].find((secret) => secret?.serial === serial);
  if (ended === undefined || isGone(ended, now)) return 'no_such_key';
  if (ended === previous) return { ended, left: 'current' };
  if (previous === undefined || isGone(previous, now)) return { ended, left: undefined };
  return { ended, left: { ...previous, removeAt: removalOf(previous.expiresAt) } };
}

export interface RevokeKeyDependencies extends KeyDependencies {
  /** Of every pepper that is configured. */
  readonly digesters: readonly Digester[];
}

/** Returns the ids that a key may have: its digest under each pepper. */
export function idsOf(digesters: readonly Digester[], key: string): string[] {
  return digesters.map(({ digest }) => digest(key));
}

/**
 * Ends the secret that somebody holds, whoever that is.
 *
 * @param key in plaintext.
 * @param reason for the audit log.
 * @throws what {@link KeyStore.revoke} throws.
 */
export function revokeKey(
  { store, digesters, now }: RevokeKeyDependencies,
  key: string,
  by: Actor,
  reason?: string,
): Promise<RevokeOutcome> {
  return store.revoke({ ids: idsOf(digesters, key), by, reason, now: Math.floor(now() / 1000) });
}
