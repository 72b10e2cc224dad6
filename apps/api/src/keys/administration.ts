import type { Actor } from './audit.ts';
import type { EndedKeys, KeyRecord, Secret } from './store.ts';

/** One owner to be changed by somebody else. */
export interface OwnerCommand {
  readonly userId: string;
  readonly by: Actor;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** What became of a suspension: whether it is new, and the keys that nobody may be let in by any more. */
export interface Suspension extends EndedKeys {
  readonly changed: boolean;
}

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
   * What the name stands for from now on: as before where a secret ended that had been rolled away, that secret where the current one
   * ended within its grace, or nothing.
   */
  readonly left: 'current' | KeyRecord | undefined;
}

/** A secret that was found under an older pepper, to be known by its digest under another. */
export interface RedigestCommand {
  /** The id that it was found by. */
  readonly from: string;
  readonly to: Pick<Secret, 'id' | 'pepperVersion'>;
  /** Unix seconds. */
  readonly now: number;
}

/** What became of a {@link RedigestCommand}. */
export type RedigestOutcome = 'redigested' | 'no_such_key';

/** What is done to owners and their keys by others than the owner. Each change is in the audit log, or was not made. */
export interface Administration {
  /**
   * Ends the secret that is found by one of the ids, and no other of its owner or name, as `revoked` (revoke.ts) says. All or
   * nothing, and exactly so.
   */
  revoke(command: RevokeCommand): Promise<RevokeOutcome>;

  /**
   * Has a secret known by another digest from now on, and by the one before no more: wherever that stands, or nowhere. Nothing
   * where it is gone or was digested anew meanwhile.
   */
  redigest(command: RedigestCommand): Promise<RedigestOutcome>;

  /**
   * Has all keys of an owner refused, and its requests for keys, until it is resumed: exactly, however many processes change the
   * same owner's keys at once. One that has held no key yet is suspended as well.
   */
  suspend(command: OwnerCommand): Promise<Suspension>;

  /** Ends a suspension; says whether there was one. */
  resume(command: OwnerCommand): Promise<boolean>;
}
