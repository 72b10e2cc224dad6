import type { IdempotencyRecord, IdempotentRequest } from '@andamio/keys/idempotency';
import type { IssueCommand } from '@andamio/keys/issue';
import type { KeyRecord, OwnerCommand } from '@andamio/keys/model';
import type { Tier } from '@andamio/schema/tiers';
import { day } from './commands.ts';

/**
 * Returns the maximum number of keys for a tier. It is small, so that random commands reach it.
 */
export const maximumKeysOf = (tier: Tier) =>
  ({ pioneer: 1, starter: 2, growth: 3, enterprise: 5 })[tier];

/** Returns keys in the order of their ids. */
export function byId<Key extends { readonly id: string }>(keys: readonly Key[]): Key[] {
  return keys.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

const nameOf = ({ userId, operation, idempotencyKey }: IdempotentRequest) =>
  `${userId} ${operation} ${idempotencyKey}`;

/** A simple model of the rules for keys. It disregards speed, concurrency and failures. */
export class Model {
  keys: KeyRecord[] = [];
  /** The previous secrets, at most one for each name. */
  superseded: KeyRecord[] = [];
  /** Every key record that was ever stored under a new key id. */
  readonly issued: KeyRecord[] = [];
  readonly tiers = new Map<string, IssueCommand['tierClaim']>();
  readonly since = new Map<string, number>();
  readonly #idempotencyRecords = new Map<string, IdempotencyRecord>();
  readonly suspended = new Set<string>();
  /**
   * The audit log, which contains only the owner of each entry. For an erased owner, it contains
   * one entry, `erased OWNER`.
   */
  log: string[] = [];

  /** Returns the tier of an owner. For an unknown owner, returns the tier in the claim. */
  tierOf(userId: string, claim: IssueCommand['tierClaim']) {
    return this.tiers.get(userId)?.tier ?? claim.tier;
  }

  replay(
    request: IdempotentRequest | undefined,
    input: { userId: string; name: string; now: number },
  ) {
    const saved = request && this.#idempotencyRecords.get(nameOf(request));
    if (request === undefined || saved === undefined || saved.deleteAfter <= input.now)
      return undefined;
    if (saved.bodyDigest !== request.bodyDigest) return 'idempotency_key_reused';
    const isCurrent = this.keyAt(input)?.serial === saved.serial;
    return isCurrent ? { replayed: { request, record: saved } } : 'idempotency_key_outdated';
  }

  saveForReplay(
    request: IdempotentRequest | undefined,
    now: number,
    answer: KeyRecord & { previousExpiresAt?: number },
  ) {
    if (request === undefined) return;
    const { bodyDigest, nonce } = request;
    const {
      pepperVersion,
      serial,
      createdAt,
      expiresAt,
      expiresInDays,
      previousExpiresAt = null,
    } = answer;
    const facts = { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt };
    this.#idempotencyRecords.set(nameOf(request), {
      bodyDigest,
      nonce,
      ...facts,
      deleteAfter: now + day,
    });
  }

  revokeAll({ userId, now }: OwnerCommand) {
    const own = this.keys.filter((key) => key.userId === userId);
    this.#dropAll(userId);
    return own
      .filter(({ deleteAfter }) => deleteAfter > now)
      .map(({ id, name }) => {
        this.log.push(userId);
        return { id, userId, name };
      });
  }

  erase(userId: string): boolean {
    if (!this.tiers.has(userId)) return false;
    this.#dropAll(userId);
    this.log = [...this.log.filter((one) => one !== userId), `erased ${userId}`];
    for (const known of [this.tiers, this.since, this.suspended]) known.delete(userId);
    for (const name of this.#idempotencyRecords.keys())
      if (name.startsWith(`${userId} `)) this.#idempotencyRecords.delete(name);
    return true;
  }

  #dropAll(userId: string) {
    this.keys = this.keys.filter((key) => key.userId !== userId);
    this.superseded = this.superseded.filter((key) => key.userId !== userId);
  }

  inspect(userId: string, now: number) {
    const keys = [
      ...this.keys.map((key) => ({ ...key, superseded: false })),
      ...this.superseded.map((key) => ({ ...key, superseded: true })),
    ].filter((key) => key.userId === userId && key.deleteAfter > now);
    const tier = this.tiers.get(userId)?.tier;
    return (
      tier && {
        since: this.since.get(userId),
        tier,
        suspended: this.suspended.has(userId),
        keys: byId(keys),
      }
    );
  }

  countOwners() {
    const owners = [...this.tiers.values()].map(({ tier }) => tier);
    const of = (tier: string) => owners.filter((one) => one === tier).length;
    return {
      total: owners.length,
      suspended: this.suspended.size,
      byTier: {
        pioneer: of('pioneer'),
        starter: of('starter'),
        growth: of('growth'),
        enterprise: of('enterprise'),
      },
    };
  }

  countKeys(now: number) {
    const held = this.keys.filter(({ deleteAfter }) => deleteAfter > now);
    const superseded = this.superseded.filter(({ expiresAt }) => expiresAt > now);
    const versions = new Set([...held, ...superseded].map(({ pepperVersion }) => pepperVersion));
    return [...versions].toSorted().map((version) => {
      const count = (keys: readonly KeyRecord[]) =>
        keys.filter((key) => key.pepperVersion === version).length;
      return {
        pepperVersion: version,
        active: count(held.filter(({ expiresAt }) => expiresAt > now)),
        superseded: count(superseded),
        expired: count(held.filter(({ expiresAt }) => expiresAt <= now)),
      };
    });
  }

  dropSuperseded({ userId, name }: { userId: string; name: string }): void {
    this.superseded = this.superseded.filter((key) => key.userId !== userId || key.name !== name);
  }

  /** Returns all key ids that a name of an owner has had. */
  idsOf(userId: string, name: string) {
    return this.issued
      .filter((key) => key.userId === userId && key.name === name)
      .map(({ id }) => id);
  }

  find(ids: readonly string[]) {
    const record = [...this.keys, ...this.superseded].find(({ id }) => ids.includes(id));
    const suspended = record !== undefined && this.suspended.has(record.userId);
    return record && { record, tier: this.tiers.get(record.userId)?.tier, suspended };
  }

  held(userId: string, now: number) {
    const own = this.keys.filter((key) => key.userId === userId && key.deleteAfter > now);
    return {
      since: this.since.get(userId),
      active: own.filter(({ expiresAt }) => expiresAt > now),
      expired: own.filter(({ expiresAt }) => expiresAt <= now),
    };
  }

  /** Applies a command's tier claim, which takes effect even if the command is refused. */
  claim(userId: string, claim: IssueCommand['tierClaim']) {
    const known = this.tiers.get(userId);
    if (known === undefined || claim.issuedAt < known.issuedAt) return;
    if (known.tier !== claim.tier) this.log.push(userId);
    this.tiers.set(userId, claim);
  }

  keyAt({ userId, name, now }: { userId: string; name: string; now: number }) {
    return this.keys.find(
      (key) => key.userId === userId && key.name === name && key.deleteAfter > now,
    );
  }

  changed(userId: string, claim: IssueCommand['tierClaim']) {
    this.log.push(userId);
    const known = this.tiers.get(userId);
    if (known === undefined || claim.issuedAt >= known.issuedAt) this.tiers.set(userId, claim);
  }
}
