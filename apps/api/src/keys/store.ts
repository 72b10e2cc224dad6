import type { Tier } from '@andamio/schema/tiers';
import type { Actor } from './audit.ts';
import type { Attempt, Repetition, RepetitionRefusal } from './idempotency.ts';
import type { RevokeCommand, RevokeOutcome } from './revoke.ts';
import type { Rolled } from './roll.ts';
import type { UsageStore } from './usage/store.ts';

/** A key as it is stored: everything but the key. Times are Unix seconds. */
export interface KeyRecord {
  /** The digest of the key, hex; the record's name. */
  readonly id: string;
  /** Names the key for good, whatever pepper its digest is made under: a random UUID. */
  readonly serial: string;
  readonly userId: string;
  readonly name: string;
  /** The first characters of the key, for display. */
  readonly start: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expiresInDays: number;
  /** The version of the pepper that `id` was made under. */
  readonly pepperVersion: string;
  /** From when on the record is gone for every operation, whether or not it has been removed. */
  readonly removeAt: number;
}

/**
 * What an owner's newest token said of its tier; kept so that a key can be checked without a token. A known owner's is kept with every
 * command that has one, also where the command is refused.
 */
export interface TierClaim {
  readonly tier: Tier;
  /** When the token was issued, Unix seconds. An older token never replaces what a newer one said (owner.ts). */
  readonly issuedAt: number;
}

/** One key to be stored, with the rules that it must not break. */
export interface IssueCommand {
  /** Maybe with an expiry that is too late to be stored: a repetition is answered all the same. */
  readonly record: KeyRecord;
  readonly tierClaim: TierClaim;
  /** Returns how many unexpired keys an owner of a tier may hold, this one included. The newest claim names the tier. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Where the client may repeat the request. */
  readonly attempt?: Attempt | undefined;
}

/** Why a key is not issued, in the order in which it is told. */
export type IssueRefusal = 'suspended' | 'expiry_too_late' | 'name_taken' | 'key_limit_reached';

/**
 * What became of an {@link IssueCommand}. That its owner is suspended is told before anything else, here and of every command
 * that is refused for it; a repetition before what else the command breaks (contract, part C; service
 * contract, "Settled beside").
 */
export type IssueOutcome = 'issued' | IssueRefusal | Repetition | RepetitionRefusal;

/** One key of one owner to be changed; `now` in Unix seconds is the present for what has expired or is gone. */
export interface DeleteCommand {
  readonly userId: string;
  readonly name: string;
  readonly tierClaim: TierClaim;
  readonly now: number;
}

/** What ended with a name: the ids that nobody may be let in by any more. */
export interface EndedKeys {
  readonly ids: readonly string[];
}

/** What became of a {@link DeleteCommand}. A name that nobody holds and one that another owner holds are one thing. */
export type DeleteOutcome = EndedKeys | 'no_such_key';

/** One key to be extended, with the rule that it must not break. */
export interface RotateCommand extends DeleteCommand {
  /** Undefined for the key's own number once more. */
  readonly expiresInDays: number | undefined;
  /** Returns how many unexpired keys an owner of a tier may hold, this one included. The newest claim names the tier. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Where the client may repeat the request. */
  readonly attempt?: Attempt | undefined;
}

/** A key's validity, times in Unix seconds. */
export type Validity = Pick<KeyRecord, 'expiresAt' | 'expiresInDays' | 'removeAt'>;

/** Why a key is not extended, in the order in which it is told. */
export type RotateRefusal = 'suspended' | 'no_such_key' | 'not_yet_rotatable' | 'expiry_too_late' | 'key_limit_reached';

/** What became of a {@link RotateCommand}: how long the key is valid now, or why it was left as it is. */
export type RotateOutcome = Validity | RotateRefusal | Repetition | RepetitionRefusal;

/** What is stored of a new secret. */
export type Secret = Pick<KeyRecord, 'id' | 'serial' | 'start' | 'pepperVersion'>;

/** A new secret for a key that an owner holds. */
export interface RollCommand extends DeleteCommand {
  readonly secret: Secret;
  /** How long the secret before stays valid, in seconds. */
  readonly graceSeconds: number;
  /** Where the client may repeat the request. */
  readonly attempt?: Attempt | undefined;
}

/** Why a key is not rolled. */
export type RollRefusal = 'suspended' | 'no_such_key' | 'key_expired';

/** What became of a {@link RollCommand}: the key as it is now, what ended at once, or why nothing was changed. */
export type RollOutcome = (Rolled & EndedKeys) | RollRefusal | Repetition | RepetitionRefusal;

/** A tier claimed for an owner, `now` in Unix seconds being the present for what has expired. */
export interface ClaimTierCommand {
  readonly userId: string;
  readonly tierClaim: TierClaim;
  readonly now: number;
  /** The operator who claims it; a token of the owner's if left out. */
  readonly by?: Actor;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
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

/** How many expired keys of an owner are listed (service contract, "Edges", "Cost of a request"). */
export const listedExpiredKeys = 100;

/** An owner's keys as they were at one moment. */
export interface OwnedKeys {
  /** When the owner's first key was issued, Unix seconds; undefined before that. */
  readonly since: number | undefined;
  /** What the owner's newest token said; undefined before the first key. */
  readonly tierClaim: TierClaim | undefined;
  /** In no order: unexpired keys, and the {@link listedExpiredKeys} expired ones that expired last. Some may be gone already. */
  readonly keys: readonly KeyRecord[];
}

/** What an owner may do by its keys. */
export interface Standing {
  /** What the owner's newest token named. */
  readonly tier: Tier;
  /** Whether all its keys are refused at present. */
  readonly suspended: boolean;
}

/** A key as it is found by its id, with its owner's standing. */
export interface FoundKey extends Standing {
  readonly record: KeyRecord;
}

/**
 * Where keys are kept, and how often they were used. Every implementation passes one contract suite (`test/store`).
 *
 * Each call ends within {@link storeDeadline}: with its outcome, with {@link StoreUnavailableError} or with
 * {@link OutcomeUnknownError}.
 */
export interface KeyStore extends UsageStore {
  /**
   * Stores the record if its name is free and the owner holds fewer than the maximum: all or nothing, and exactly so
   * however many processes do the same at once. `createdAt` is the present for what has expired or is gone.
   */
  issue(command: IssueCommand): Promise<IssueOutcome>;

  /**
   * Extends a key as `extended` (rotate.ts) says: on all that carries its expiry, or on nothing. Exact however many processes
   * change the same owner's keys at once; a repeated write never extends twice.
   */
  rotate(command: RotateCommand): Promise<RotateOutcome>;

  /**
   * Gives a key a new secret as `rolled` (roll.ts) says. The one before stays valid until its new expiry, is found by its id,
   * and is neither listed nor counted; one that was rolled away before ends. All or nothing, and exactly so.
   */
  roll(command: RollCommand): Promise<RollOutcome>;

  /**
   * Removes a key with the secret that was rolled away before, so that its name and its place in the tier are free: all or
   * nothing, and exactly so.
   */
  delete(command: DeleteCommand): Promise<DeleteOutcome>;

  /**
   * Ends the secret that is found by one of the ids, and no other of its owner or name, as `revoked` (revoke.ts) says. All or
   * nothing, and exactly so.
   */
  revoke(command: RevokeCommand): Promise<RevokeOutcome>;

  /**
   * Reports whether a secret with one of the ids was revoked, by {@link revoke} or by an operator. Known for as long as the audit log
   * keeps the entry.
   */
  wasRevoked(ids: readonly string[]): Promise<boolean>;

  /**
   * Has a secret known by another digest from now on, and by the one before no more: wherever that stands, or nowhere. Nothing
   * where it is gone or was digested anew meanwhile.
   */
  redigest(command: RedigestCommand): Promise<RedigestOutcome>;

  /**
   * Finds a key by the ids that it may have: one for each pepper. One round trip, and whatever was answered before the call
   * is in what it finds. A key that has expired is found as well.
   */
  find(ids: readonly string[]): Promise<FoundKey | undefined>;

  /**
   * Finds an owner's keys, at a cost that does not grow with the number of expired ones. Whatever was answered before the call is in
   * them.
   *
   * @param now Unix seconds, by which keys count as expired.
   */
  list(userId: string, now: number): Promise<OwnedKeys>;

  /**
   * Keeps what an owner's token says of its tier, if the owner is known and what it says is news (owner.ts). For tokens with
   * which nothing is changed.
   */
  claimTier(command: ClaimTierCommand): Promise<void>;

  /**
   * Resolves when the store answers, rejects with {@link StoreUnavailableError} when it does not.
   *
   * @param milliseconds how long it may take; as long as a readiness probe waits if left out.
   */
  check(milliseconds?: number): Promise<void>;

  /** Ends what is under way and lets go of files and connections. */
  close(): Promise<void>;
}

/** The longest that a call to a store may take, in milliseconds, waiting for its turn included. */
export const storeDeadline = 5_000;

/** The store did not answer, and nothing of the call was or will be written. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The store was told to write and did not say whether it did. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}
