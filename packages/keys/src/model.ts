import type { Tier } from '@andamio/schema/tiers';
import type { Actor, AuditEntry } from './audit.ts';
import type { IdempotencyRecord, IdempotentRequest, Replay, ReplayRefusal } from './idempotency.ts';

/** A key as stored, without its secret. Times are Unix seconds. */
export interface KeyRecord {
  /** The key id: the digest of the key in hex. */
  readonly id: string;
  /** A random UUID that identifies the secret. A rehash does not change it. */
  readonly serial: string;
  readonly userId: string;
  readonly name: string;
  /** The first characters of the key, for display. */
  readonly start: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expiresInDays: number;
  /** The version of the pepper under which `id` was created. */
  readonly pepperVersion: string;
  /**
   * When the retention ends. From then on, every operation treats the key as removed, even if it is
   * still stored.
   */
  readonly deleteAfter: number;
}

/** The fields of a key that a rotation changes. */
export type Validity = Pick<KeyRecord, 'expiresAt' | 'expiresInDays' | 'deleteAfter'>;

/** The fields of a key that change with its secret. */
export type Secret = Pick<KeyRecord, 'id' | 'serial' | 'start' | 'pepperVersion'>;

/**
 * The tier in an owner's token, and when the token was issued. Every command that carries a claim
 * stores it if it is newer than the stored claim, even if the command is refused. The service
 * therefore knows the tier when it verifies a key, although that request contains no token.
 */
export interface TierClaim {
  readonly tier: Tier;
  /** When the token was issued, in Unix seconds. An older claim never replaces a newer one. */
  readonly issuedAt: number;
}

/** The tier of an owner, and whether the owner is suspended. */
export interface AccountStatus {
  /** The tier of the owner's newest claim. */
  readonly tier: Tier;
  /** Whether the owner is suspended: all of the owner's keys are refused. */
  readonly suspended: boolean;
}

/** An owner as stored, without the owner's keys. */
export interface OwnerRecord {
  /** When the owner's first key was issued, in Unix seconds. Undefined before that. */
  readonly createdAt: number | undefined;
  readonly tierClaim: TierClaim;
  readonly suspended: boolean;
  /** Whether the erasure of the owner's data has begun and is not complete. */
  readonly erasing: boolean;
}

/** A key found by its id, with the status of its owner. */
export interface FoundKey extends AccountStatus {
  readonly record: KeyRecord;
}

/**
 * A command to issue a key. `record.createdAt` is the current time. A command whose expiry is too
 * late to be stored is refused, unless it is a replay.
 */
export interface IssueCommand {
  readonly record: KeyRecord;
  readonly tierClaim: TierClaim;
  /** Returns the maximum number of unexpired keys for a tier, including this key. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Maximum number of days of a key's validity. If undefined, there is none. */
  readonly maximumDays?: number | undefined;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** A command to delete a key. */
export interface DeleteCommand {
  readonly userId: string;
  readonly name: string;
  readonly tierClaim: TierClaim;
  /** Unix seconds. */
  readonly now: number;
}

/** A command to rotate a key: to extend its validity. */
export interface RotateCommand extends DeleteCommand {
  /** The number of days to extend by. If undefined, the key's current `expiresInDays` is used. */
  readonly expiresInDays: number | undefined;
  /** Returns the maximum number of unexpired keys for a tier, including this key. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Maximum number of days to extend by. If undefined, there is none. */
  readonly maximumDays?: number | undefined;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** A command to roll a key: to replace its secret. */
export interface RollCommand extends DeleteCommand {
  readonly secret: Secret;
  /** Seconds for which the previous secret stays valid. */
  readonly graceSeconds: number;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** A command to store the tier claim of a token or an operator. */
export interface ClaimTierCommand {
  readonly userId: string;
  readonly tierClaim: TierClaim;
  /** Unix seconds. */
  readonly now: number;
  /** The operator who sets the tier. Omitted if the tier comes from the owner's token. */
  readonly by?: Actor | undefined;
  /** The reason for the change, for the audit log. */
  readonly reason?: string | undefined;
}

/** A command to revoke a secret. `ids` contains its possible key ids, one for each pepper. */
export interface RevokeCommand {
  readonly ids: readonly string[];
  readonly by: Actor;
  /** The reason for the change, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** A command to rehash a secret: to store it under a key id with another pepper. */
export interface RehashCommand {
  /** The key id under which the secret is stored now. */
  readonly from: string;
  readonly to: Pick<Secret, 'id' | 'pepperVersion'>;
  /** Unix seconds. */
  readonly now: number;
}

/** An operator's command about one owner. */
export interface OwnerCommand {
  readonly userId: string;
  readonly by: Actor;
  /** The reason for the change, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** The reasons for refusing to issue a key, in the order in which they are checked. */
export type IssueRefusal = 'suspended' | 'expiry_too_late' | 'name_taken' | 'key_limit_reached';

/**
 * The outcome of an {@link IssueCommand}. A suspended owner is refused even a replay. A replay is
 * answered before any other refusal is checked (contract, part C and "Safe retries").
 */
export type IssueOutcome = 'issued' | IssueRefusal | Replay | ReplayRefusal;

/** The outcome of a {@link DeleteCommand}. The key of another owner is treated as nonexistent. */
export type DeleteOutcome = 'deleted' | 'no_such_key';

/** The reasons for refusing to rotate a key, in the order in which they are checked. */
export type RotateRefusal =
  | 'suspended'
  | 'no_such_key'
  | 'not_yet_rotatable'
  | 'expiry_too_late'
  | 'key_limit_reached';

/** The outcome of a {@link RotateCommand}: the key's new validity, a replay, or a refusal. */
export type RotateOutcome = Validity | RotateRefusal | Replay | ReplayRefusal;

/** The outcome of a successful roll. `record` contains the new secret. */
interface Rolled {
  readonly record: KeyRecord;
  /**
   * When the previous secret expires, in Unix seconds. Without a grace period, this time is not in
   * the future.
   */
  readonly previousExpiresAt: number;
}

/** The reasons for refusing to roll a key, in the order in which they are checked. */
export type RollRefusal = 'suspended' | 'no_such_key' | 'key_expired';

/** The outcome of a {@link RollCommand}: the key with its new secret, a replay, or a refusal. */
export type RollOutcome = Rolled | RollRefusal | Replay | ReplayRefusal;

/** A secret that was revoked. */
export interface RevokedKey {
  /** The key id of the revoked secret. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
}

/**
 * The outcome of a {@link RevokeCommand}. It is `no_such_key` if no stored secret has one of the
 * ids.
 */
export type RevokeOutcome = RevokedKey | 'no_such_key';

/**
 * The outcome of a {@link RehashCommand}. It is `no_such_key` if the key was deleted or rehashed in
 * the meantime.
 */
export type RehashOutcome = 'rehashed' | 'no_such_key';

/** The outcome of suspending an owner. */
export type SuspendOutcome = 'suspended' | 'already_suspended';

/**
 * The outcome of resuming an owner. It is `not_suspended` if there was nothing to do, and
 * `being_erased` if the owner stays suspended because their data is being erased.
 */
export type ResumeOutcome = 'resumed' | 'not_suspended' | 'being_erased';

/**
 * The data that a transaction on an owner may read: the owner, and optionally the key with one
 * name.
 */
export interface OwnerScope {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
  readonly name?: string;
  /** Whether the full record of the key is read, instead of only the fields of {@link NamedKey}. */
  readonly readsKey?: boolean;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
  /** Whether the owner is probably not stored yet. If true, a store may decide before it reads. */
  readonly expectsNothing?: boolean;
}

/**
 * The data that a transaction on a secret may read: the secret with one of these ids, its owner,
 * and the key that it belongs to.
 */
interface SecretScope {
  readonly ids: readonly string[];
  /** Unix seconds. */
  readonly now: number;
}

export type Scope = OwnerScope | SecretScope;

/** The fields of a key that a transaction in an {@link OwnerScope} can read. */
export type NamedKey = Pick<KeyRecord, 'id' | 'serial' | 'deleteAfter'>;

/**
 * A consistent snapshot of the data in a {@link Scope}. Properties may be read lazily, so a
 * decision pays only for the properties that it uses. Properties outside the scope are undefined.
 */
export interface View {
  readonly owner: OwnerRecord | undefined;
  /** The key with the scope's name. Contains only the fields of {@link NamedKey}. */
  readonly named: NamedKey | undefined;
  /** The id of the key's previous secret, which may have expired. */
  readonly previousId: string | undefined;
  /**
   * The full record of the key. It is read only if the scope has `readsKey` or is a {@link
   * SecretScope}.
   */
  readonly key: KeyRecord | undefined;
  /**
   * The full record of the key's previous secret, which may have expired. It is read only for a
   * {@link SecretScope}.
   */
  readonly previous: KeyRecord | undefined;
  /** The secret with one of the ids of a {@link SecretScope}. */
  readonly located: Pick<KeyRecord, 'userId' | 'name' | 'serial'> | undefined;
  /** The stored idempotency record of the scope's request. */
  readonly idempotencyRecord: IdempotencyRecord | undefined;
  /** Counts the owner's unexpired keys, up to a maximum. */
  countUnexpired(maximum: number): number;
  /**
   * Reports whether a key counts among the owner's unexpired keys. The transaction's `now` may be
   * earlier than the key's expiry, because the transaction had to wait. The key still does not
   * count if a change made meanwhile has recorded that it expired.
   */
  isCounted(key: KeyRecord): boolean;
}

/** A change to the stored data of a transaction's owner. */
export type Change =
  /** Stores a key under its name. */
  | { readonly type: 'put_key'; readonly record: KeyRecord }
  /** Stores a key in place of the key with the id `replacedId`, which has the same name. */
  | { readonly type: 'replace_secret'; readonly replacedId: string; readonly record: KeyRecord }
  /** Stores an existing key with a new validity. */
  | { readonly type: 'extend'; readonly record: KeyRecord }
  /** Stores a secret as the previous secret of its key. */
  | { readonly type: 'supersede'; readonly record: KeyRecord }
  /** Removes a secret. Removing the current secret frees the name. */
  | {
      readonly type: 'remove';
      readonly secret: 'current' | 'previous';
      readonly name: string;
      readonly id: string;
    }
  | { readonly type: 'put_owner'; readonly owner: OwnerRecord }
  | {
      readonly type: 'save_idempotency_record';
      readonly request: IdempotentRequest;
      readonly record: IdempotencyRecord;
    }
  | { readonly type: 'append_audit_entry'; readonly entry: AuditEntry };

/** An outcome, and the changes that belong to it. Either all changes are applied or none. */
export interface Decision<Outcome> {
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
}
