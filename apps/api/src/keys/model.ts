import type { Tier } from '@andamio/schema/tiers';
import type { Actor, AuditEntry } from './audit.ts';
import type { IdempotencyRecord, IdempotentRequest, Replay, ReplayRefusal } from './idempotency.ts';

/** A key as stored, without its secret. Times are Unix seconds. */
export interface KeyRecord {
  /** The digest of the key in hex; the record's name. */
  readonly id: string;
  /** A random UUID that identifies the secret, whatever pepper its digest is made under. */
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
  /** From this instant on every operation treats the key as removed, even if it is still stored. */
  readonly deleteAfter: number;
}

/** The part of a key that an extension changes. */
export type Validity = Pick<KeyRecord, 'expiresAt' | 'expiresInDays' | 'deleteAfter'>;

/** The part of a key that a new secret changes. */
export type Secret = Pick<KeyRecord, 'id' | 'serial' | 'start' | 'pepperVersion'>;

/**
 * The tier that an owner's token names. The newest claim of a known owner is stored with every
 * command that carries one, even if the command is refused, so that a key can be checked without a
 * token.
 */
export interface TierClaim {
  readonly tier: Tier;
  /** When the token was issued, Unix seconds. An older claim never replaces a newer one. */
  readonly issuedAt: number;
}

/** What an owner may do with its keys. */
export interface AccountStatus {
  /** The tier that the owner's newest token named. */
  readonly tier: Tier;
  /** Whether all keys of the owner are refused. */
  readonly suspended: boolean;
}

/** An owner as stored, without its keys. */
export interface OwnerRecord {
  /** When its first key was issued, Unix seconds; undefined before that. */
  readonly createdAt: number | undefined;
  readonly tierClaim: TierClaim;
  readonly suspended: boolean;
  /** Whether the owner's data is being erased. */
  readonly erasing: boolean;
}

/** A key found by its id, with the status of its owner. */
export interface FoundKey extends AccountStatus {
  readonly record: KeyRecord;
}

/** The key ids that are no longer valid after a change. */
interface EndedKeys {
  readonly ids: readonly string[];
}

/**
 * A command to store a new key. `record.createdAt` is the current time. The record may expire too
 * late to be stored: a replay is answered nevertheless.
 */
export interface IssueCommand {
  readonly record: KeyRecord;
  readonly tierClaim: TierClaim;
  /** Returns how many unexpired keys an owner of a tier may hold, this one included. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Set if the client sent an `Idempotency-Key`. */
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

/** A command to extend a key. */
export interface RotateCommand extends DeleteCommand {
  /** Undefined to extend by the key's own number of days. */
  readonly expiresInDays: number | undefined;
  /** Returns how many unexpired keys an owner of a tier may hold, this one included. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Set if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** A command to give a key a new secret. */
export interface RollCommand extends DeleteCommand {
  readonly secret: Secret;
  /** How long the previous secret stays valid, in seconds. */
  readonly graceSeconds: number;
  /** Set if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** A command to store the tier that a token or an operator claims for an owner. */
export interface ClaimTierCommand {
  readonly userId: string;
  readonly tierClaim: TierClaim;
  /** Unix seconds. */
  readonly now: number;
  /** The operator who claims it; omitted for the owner's own token. */
  readonly by?: Actor | undefined;
  /** The reason, for the audit log. */
  readonly reason?: string | undefined;
}

/** A command to revoke the secret that has one of these ids: its digest under each pepper. */
export interface RevokeCommand {
  readonly ids: readonly string[];
  readonly by: Actor;
  /** The reason, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** A command to store a secret under its digest with another pepper. */
export interface RehashCommand {
  /** The id under which it is stored. */
  readonly from: string;
  readonly to: Pick<Secret, 'id' | 'pepperVersion'>;
  /** Unix seconds. */
  readonly now: number;
}

/** An operator's command about one owner. */
export interface OwnerCommand {
  readonly userId: string;
  readonly by: Actor;
  /** The reason, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** Why a key is not issued, in the order in which the reasons are checked. */
export type IssueRefusal = 'suspended' | 'expiry_too_late' | 'name_taken' | 'key_limit_reached';

/**
 * The outcome of an {@link IssueCommand}. A suspended owner is refused first; a replay is answered
 * before any other refusal (contract, part C; service contract, "Settled beside").
 */
export type IssueOutcome = 'issued' | IssueRefusal | Replay | ReplayRefusal;

/** The outcome of a {@link DeleteCommand}. Another owner's name is a name that does not exist. */
export type DeleteOutcome = EndedKeys | 'no_such_key';

/** Why a key is not extended, in the order in which the reasons are checked. */
export type RotateRefusal = 'suspended' | 'no_such_key' | 'not_yet_rotatable' | 'expiry_too_late' | 'key_limit_reached';

/** The outcome of a {@link RotateCommand}: the key's new validity, or why it is unchanged. */
export type RotateOutcome = Validity | RotateRefusal | Replay | ReplayRefusal;

/** A key after its roll. */
interface Rolled extends EndedKeys {
  readonly record: KeyRecord;
  /** The id of the previous secret. */
  readonly replacedId: string;
  /** When the previous secret expires, Unix seconds; not in the future if it ended at once. */
  readonly previousExpiresAt: number;
}

/** Why a key is not rolled, in the order in which the reasons are checked. */
export type RollRefusal = 'suspended' | 'no_such_key' | 'key_expired';

/** The outcome of a {@link RollCommand}. */
export type RollOutcome = Rolled | RollRefusal | Replay | ReplayRefusal;

/** A secret that was revoked. */
export interface RevokedKey extends EndedKeys {
  /** The id that it had. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
}

/** The outcome of a {@link RevokeCommand}. */
export type RevokeOutcome = RevokedKey | 'no_such_key';

/** The outcome of a {@link RehashCommand}. */
export type RehashOutcome = 'rehashed' | 'no_such_key';

/** The outcome of a suspension: whether it is new, and the key ids that are no longer valid. */
export interface Suspension extends EndedKeys {
  readonly changed: boolean;
}

/** The outcome of a resumption. */
export type ResumeOutcome = 'resumed' | 'not_suspended' | 'being_erased';

/** What a transaction may read: one owner, and optionally one of its names. */
export interface OwnerScope {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
  readonly name?: string;
  /** Whether the whole record of the name's key is read, or only its {@link NamedKey}. */
  readonly readsKey?: boolean;
  /** Set if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
  /** Whether the owner is likely to be unknown: a store may then decide before it reads. */
  readonly expectsNothing?: boolean;
}

/** What a transaction may read: the secret that has one of these ids, its owner and its name. */
interface SecretScope {
  readonly ids: readonly string[];
  /** Unix seconds. */
  readonly now: number;
}

export type Scope = OwnerScope | SecretScope;

/** The part of a name's key that every transaction on the name can read. */
export type NamedKey = Pick<KeyRecord, 'id' | 'serial' | 'deleteAfter'>;

/**
 * What is stored within a {@link Scope}, all of one moment. Properties may be read lazily: a
 * decision that does not ask costs nothing. Those that the scope does not name are undefined.
 */
export interface View {
  readonly owner: OwnerRecord | undefined;
  /** The key of the name, as far as the name tells. */
  readonly named: NamedKey | undefined;
  /** The id of the name's previous secret, which may have expired. */
  readonly previousId: string | undefined;
  /** The key of the name. */
  readonly key: KeyRecord | undefined;
  /** The name's previous secret, which may have expired. Read for a {@link SecretScope}. */
  readonly previous: KeyRecord | undefined;
  /** The secret that has one of the ids of a {@link SecretScope}. */
  readonly located: Pick<KeyRecord, 'userId' | 'name' | 'serial'> | undefined;
  /** The idempotency record of the scope's request. */
  readonly idempotencyRecord: IdempotencyRecord | undefined;
  /** Counts the owner's unexpired keys, up to a maximum. */
  countUnexpired(maximum: number): number;
  /**
   * Returns whether a key counts among the owner's unexpired keys. A key that a later change has
   * seen expired does not, even if this transaction, which had to wait, began before its expiry.
   */
  isCounted(key: KeyRecord): boolean;
  /** Returns the ids of the owner's unexpired secrets, previous ones included. */
  unexpiredIds(): readonly string[];
}

/** A change to what is stored of the owner of a transaction. */
export type Change =
  /** Stores a key as the key of its name. */
  | { readonly type: 'put_key'; readonly record: KeyRecord }
  /** Stores a key in place of the one that has another id and the same name. */
  | { readonly type: 'replace_secret'; readonly replacedId: string; readonly record: KeyRecord }
  /** Stores the key of a name with a new validity. */
  | { readonly type: 'extend'; readonly record: KeyRecord }
  /** Stores a secret as the previous one of its name. */
  | { readonly type: 'supersede'; readonly record: KeyRecord }
  /** Removes a secret; without its current secret a name is free. */
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

/** An outcome, and the changes that lead to it: all of them are made, or none. */
export interface Decision<Outcome> {
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
}
