import { type Attempt, attemptOf } from '../../src/keys/idempotency.ts';
import type {
  DeleteCommand,
  IssueCommand,
  KeyRecord,
  RollCommand,
  RotateCommand,
  TierClaim,
} from '../../src/keys/store.ts';
import type { AddUsageCommand } from '../../src/keys/usage/store.ts';

/** The present of commands that say nothing else, Unix seconds: 2025-08-31T23:59:59Z. */
export const present = Date.UTC(2025, 7, 31, 23, 59, 59) / 1000;
export const day = 86_400;
/** The UTC day of the present. */
export const today = '2025-08-31';

/** 64 hex digits, never the same twice. */
export const digest = () => `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', '');

/** A request that is repeated with the given `Idempotency-Key`, and body if it matters. */
export function attempt(operation: Attempt['operation'], idempotencyKey = 'key', body = 'body'): Attempt {
  return attemptOf({ userId: 'owner', operation, idempotencyKey }, [body]);
}

export interface Wish extends Partial<KeyRecord> {
  readonly attempt?: Attempt | undefined;
  readonly maximumKeys?: number;
  readonly maximumKeysOf?: IssueCommand['maximumKeysOf'];
  readonly tierClaim?: TierClaim;
}

/** A command to issue a key that is valid for 365 days, except for what the test says. */
export function command({ maximumKeys = 1000, maximumKeysOf, tierClaim, attempt, ...fields }: Wish = {}): IssueCommand {
  const createdAt = fields.createdAt ?? present;
  const expiresInDays = fields.expiresInDays ?? 365;
  const expiresAt = createdAt + expiresInDays * day;
  const record: KeyRecord = {
    id: digest(),
    serial: crypto.randomUUID(),
    userId: 'owner',
    name: 'name',
    start: 'ant-abcd',
    createdAt,
    expiresAt,
    expiresInDays,
    pepperVersion: 'test',
    removeAt: expiresAt + 30 * day,
    ...fields,
  };
  return {
    record,
    maximumKeysOf: maximumKeysOf ?? (() => maximumKeys),
    attempt,
    tierClaim: tierClaim ?? { tier: 'growth', issuedAt: createdAt },
  };
}

/** A command to delete the key that {@link command} issues, except for what the test says. */
export function deletion(wish: Partial<DeleteCommand> = {}): DeleteCommand {
  const now = wish.now ?? present;
  return { userId: 'owner', name: 'name', now, tierClaim: { tier: 'growth', issuedAt: now }, ...wish };
}

/** A command to give it a new secret with a grace of a day, except for what the test says. */
export function renewal(wish: Partial<RollCommand> = {}): RollCommand {
  const secret = { id: digest(), serial: crypto.randomUUID(), start: 'ant-wxyz', pepperVersion: 'test' };
  return { ...deletion(wish), secret, graceSeconds: day, ...wish };
}

interface RotationWish extends Partial<RotateCommand> {
  readonly maximumKeys?: number;
}

/** A command to extend it by its own number of days, except for what the test says. */
export function rotation({ maximumKeys = 1000, ...wish }: RotationWish = {}): RotateCommand {
  return { ...deletion(wish), maximumKeysOf: () => maximumKeys, expiresInDays: undefined, ...wish };
}

/** A command to add requests by the names of keys to the owner's usage of today, except for what the test says. */
export function addition(
  counts: Readonly<Record<string, number>>,
  wish: Partial<AddUsageCommand> = {},
): AddUsageCommand {
  return {
    userId: 'owner',
    day: today,
    attempt: crypto.randomUUID(),
    counts: new Map(Object.entries(counts)),
    ...wish,
  };
}
