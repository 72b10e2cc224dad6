import { type IdempotentRequest, idempotentRequest } from '@andamio/keys/idempotency';
import type { IssueCommand } from '@andamio/keys/issue';
import type { KeyCommand, KeyRecord, TierClaim } from '@andamio/keys/model';
import type { Owner } from '@andamio/keys/owner';
import type { RollCommand } from '@andamio/keys/roll';
import type { RotateCommand } from '@andamio/keys/rotate';
import type { AddUsageCommand } from '@andamio/keys/usage/store';

/**
 * The current time in commands, unless a test sets another: 2025-08-31T23:59:59Z in Unix seconds.
 */
export const present = Date.UTC(2025, 7, 31, 23, 59, 59) / 1000;
export const day = 86_400;
/** The last time that can be stored, in Unix seconds. */
export const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
/** The UTC date of {@link present}. */
export const today = '2025-08-31';
/** The UTC dates of 366 consecutive days that end with {@link today}, latest first. */
export const year = Array.from({ length: 366 }, (_, index) =>
  new Date((present - index * day) * 1000).toISOString().slice(0, 10),
);

/** The user of the commands and requests in tests, unless a test specifies another. */
export const owner: Owner = { userId: 'owner', tier: 'growth', tokenIssuedAt: present };

/** Returns the text as a key id. */
export const keyId = (text: string) => text as KeyRecord['id'];

/** Returns a unique key id. */
export const digest = () =>
  keyId(`${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', ''));

/** Creates a request with an `Idempotency-Key`. */
export function idempotent(
  operation: IdempotentRequest['operation'],
  idempotencyKey = 'key',
  body = 'body',
): IdempotentRequest {
  return idempotentRequest({ userId: owner.userId, operation, idempotencyKey }, [body]);
}

export interface IssueOverrides extends Partial<KeyRecord> {
  readonly request?: IdempotentRequest | undefined;
  readonly maximumKeys?: number;
  readonly maximumKeysOf?: IssueCommand['maximumKeysOf'];
  readonly tierClaim?: TierClaim;
}

/** Creates a command that issues a key valid for 365 days, with overrides. */
export function command({
  maximumKeys = 1000,
  maximumKeysOf,
  tierClaim,
  request,
  ...fields
}: IssueOverrides = {}): IssueCommand {
  const createdAt = fields.createdAt ?? present;
  const expiresInDays = fields.expiresInDays ?? 365;
  const expiresAt = createdAt + expiresInDays * day;
  const record: KeyRecord = {
    id: digest(),
    serial: crypto.randomUUID(),
    userId: owner.userId,
    name: 'name',
    start: 'ant-abcd',
    createdAt,
    expiresAt,
    expiresInDays,
    pepperVersion: 'test',
    deleteAfter: expiresAt + 30 * day,
    ...fields,
  };
  return {
    record,
    maximumKeysOf: maximumKeysOf ?? (() => maximumKeys),
    request,
    tierClaim: tierClaim ?? { tier: 'growth', issuedAt: createdAt },
  };
}

/** Creates a command that deletes the key of {@link command}, with overrides. */
export function deletion(overrides: Partial<KeyCommand> = {}): KeyCommand {
  const now = overrides.now ?? present;
  return {
    userId: owner.userId,
    name: 'name',
    now,
    tierClaim: { tier: 'growth', issuedAt: now },
    ...overrides,
  };
}

/**
 * Creates a command that rolls the key of {@link command} with a grace period of one day, with
 * overrides.
 */
export function renewal(overrides: Partial<RollCommand> = {}): RollCommand {
  const secret = {
    id: digest(),
    serial: crypto.randomUUID(),
    start: 'ant-wxyz',
    pepperVersion: 'test',
  };
  return { ...deletion(overrides), secret, graceSeconds: day, ...overrides };
}

interface RotationOverrides extends Partial<RotateCommand> {
  readonly maximumKeys?: number;
}

/**
 * Creates a command that rotates the key of {@link command} by the key's `expiresInDays`, with
 * overrides.
 */
export function rotation({
  maximumKeys = 1000,
  ...overrides
}: RotationOverrides = {}): RotateCommand {
  return {
    ...deletion(overrides),
    maximumKeysOf: () => maximumKeys,
    expiresInDays: undefined,
    ...overrides,
  };
}

/**
 * Creates a command that adds requests of today, given by key name, with overrides. Each command
 * comes from a different instance.
 */
export function addition(
  counts: Readonly<Record<string, number>>,
  overrides: Partial<AddUsageCommand> = {},
): AddUsageCommand {
  return {
    userId: owner.userId,
    day: today,
    instance: crypto.randomUUID(),
    number: present * 1_000_000,
    isRepeated: false,
    counts: new Map(Object.entries(counts)),
    lastUses: new Map(),
    ...overrides,
  };
}
