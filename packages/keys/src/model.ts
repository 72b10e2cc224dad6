import type { Tier } from '@andamio/schema/tiers';
import type { KeyId } from '@andamio/verification/digest';
import type { Actor, AuditEntry } from './audit.ts';
import type { DeviceLogin } from './device-login/model.ts';
import type { IdempotencyRecord, IdempotentRequest } from './idempotency.ts';

/** A key as stored, without its secret. Times are Unix seconds. */
export interface KeyRecord {
  /** The key id: the digest of the key in hex. */
  readonly id: KeyId;
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
  /** When the owner's first key was issued, in Unix seconds. Undefined if none was issued. */
  readonly createdAt: number | undefined;
  readonly tierClaim: TierClaim;
  readonly suspended: boolean;
  /** Whether the erasure of the owner's data has begun and is not complete. */
  readonly erasing: boolean;
}

/**
 * A key found by its id, with the status of its owner. If the key has expired, the status may be
 * older (see `KeyStore.find`).
 */
export interface FoundKey extends AccountStatus {
  readonly record: KeyRecord;
}

/** A command about one of an owner's keys. */
export interface KeyCommand {
  readonly userId: string;
  readonly name: string;
  readonly tierClaim: TierClaim;
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

/**
 * The data that a transaction on an owner may read: the owner, and those of the owner's keys whose
 * names are in `names`.
 */
export interface OwnerScope {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
  /** The names whose secrets the transaction may read and change. */
  readonly names?: readonly string[];
  /**
   * The secrets whose full records are read: only the current ones, or the previous ones as well.
   * If omitted, only the fields of {@link NamedKey} are read.
   */
  readonly reads?: 'current' | 'both';
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
  /** The id of the owner's device login that the transaction redeems. */
  readonly deviceLoginId?: string | undefined;
  /**
   * Whether the owner is probably not stored yet. If true, a store may skip the first read and
   * decide as if nothing were stored. It must then write only if nothing is stored.
   */
  readonly expectsNothing?: boolean;
}

/**
 * The data that a transaction on a secret may read: the secret with one of these ids, its owner,
 * and both secrets of its name.
 */
interface SecretScope {
  readonly ids: readonly KeyId[];
  /** Unix seconds. */
  readonly now: number;
}

export type Scope = OwnerScope | SecretScope;

/** The fields of a key that every transaction on its name can read. */
export type NamedKey = Pick<KeyRecord, 'id' | 'serial' | 'deleteAfter'>;

/** A key and its previous secret, as stored under a name. */
export interface NameView {
  /** The key. Contains only the fields of {@link NamedKey}. */
  readonly named: NamedKey | undefined;
  /** The id of the key's previous secret, which may have expired. */
  readonly previousId: string | undefined;
  /** The full record of the key. It is read only if the scope reads current secrets. */
  readonly key: KeyRecord | undefined;
  /**
   * The full record of the key's previous secret, which may have expired. It is read only if the
   * scope reads both secrets.
   */
  readonly previous: KeyRecord | undefined;
}

/**
 * A consistent snapshot of the data in a {@link Scope}. Properties may be read lazily, so a
 * decision pays only for the properties that it uses. Properties outside the scope are undefined.
 */
export interface View {
  readonly owner: OwnerRecord | undefined;
  /** Returns the key and its previous secret that are stored under one of the scope's names. */
  at(name: string): NameView;
  /** The secret with one of the ids of a {@link SecretScope}. Its name is in the scope. */
  readonly located: Pick<KeyRecord, 'userId' | 'name' | 'serial'> | undefined;
  /** The stored idempotency record of the scope's request. */
  readonly idempotencyRecord: IdempotencyRecord | undefined;
  /** The device login with the scope's id. */
  readonly deviceLogin: DeviceLogin | undefined;
  /** Counts the owner's keys that have a place: those for which {@link isCounted} is true. */
  countUnexpired(): number;
  /**
   * Reports whether a key counts toward the maximum of the owner's unexpired keys. A key counts
   * until it expires. While a transaction waits, a later one may see the key expired and give its
   * place to another key. The key then no longer counts, although the `now` of the waiting
   * transaction is before the expiry. Each store records in its own way which keys a change has
   * seen expired (decision 15).
   */
  isCounted(key: KeyRecord): boolean;
}

/**
 * A change to the stored data of a transaction's owner. Changes are applied in order. They concern
 * only names of the scope.
 */
export type Change =
  /**
   * Stores the current or the previous secret of a name. It replaces the stored one, if there is
   * one.
   */
  | {
      readonly type: 'put_secret';
      readonly secret: 'current' | 'previous';
      readonly record: KeyRecord;
    }
  /** Removes a secret from its name. A name without a current secret is free. */
  | {
      readonly type: 'remove_secret';
      readonly secret: 'current' | 'previous';
      readonly name: string;
    }
  | { readonly type: 'put_owner'; readonly owner: OwnerRecord }
  | {
      readonly type: 'save_idempotency_record';
      readonly request: IdempotentRequest;
      readonly record: IdempotencyRecord;
    }
  /** Stores the scope's device login in a new state. */
  | { readonly type: 'put_device_login'; readonly login: DeviceLogin }
  | { readonly type: 'append_audit_entry'; readonly entry: AuditEntry };

/** An outcome, and the changes that belong to it. Either all changes are applied or none. */
export interface Decision<Outcome> {
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
}
