import {
  type DeviceLogin,
  deviceLoginStates,
  redeemableUntil,
} from '@andamio/keys/device-login/model';
import { tierSchema } from '@andamio/schema/tiers';
import * as z from 'zod';

/**
 * A stored state. A state that only a later release knows is read as `denied`, so that after a
 * rollback the login yields no key and cannot be decided.
 */
const storedState = z.string().pipe(z.enum(deviceLoginStates).catch('denied'));

/** The fields of a stored device login, except for its times, whose type depends on the store. */
export const deviceLoginFields = {
  code_digest: z.string(),
  name: z.string(),
  expires_in_days: z.number(),
  address: z.string(),
  user_id: z.string().nullable(),
  state: storedState,
  tier: tierSchema.nullable(),
};

type StoredLogin = z.output<z.ZodObject<typeof deviceLoginFields>> & {
  /** Unix seconds. */
  readonly created_at: number;
  /** Unix seconds. */
  readonly tier_issued_at: number | null;
};

/**
 * Converts a stored row or document to a device login. An approved login without its user or tier
 * is read as `denied`.
 */
export function deviceLoginOf(id: string, stored: StoredLogin): DeviceLogin {
  const { state, tier, tier_issued_at: issuedAt } = stored;
  const requested = {
    id,
    deviceCodeDigest: stored.code_digest,
    name: stored.name,
    expiresInDays: stored.expires_in_days,
    address: stored.address,
    createdAt: stored.created_at,
  };
  const userId = stored.user_id ?? undefined;
  if (state === 'pending') return { ...requested, state, userId, tierClaim: undefined };
  const tierClaim = tier === null || issuedAt === null ? undefined : { tier, issuedAt };
  return state === 'denied' || userId === undefined || tierClaim === undefined
    ? { ...requested, state: 'denied', userId, tierClaim }
    : { ...requested, state, userId, tierClaim };
}

/** Returns the fields of a stored device login, with times in Unix seconds. */
export function storedDeviceLogin(login: DeviceLogin) {
  return {
    code_digest: login.deviceCodeDigest,
    name: login.name,
    expires_in_days: login.expiresInDays,
    address: login.address,
    created_at: login.createdAt,
    user_id: login.userId ?? null,
    state: login.state,
    tier: login.tierClaim?.tier ?? null,
    tier_issued_at: login.tierClaim?.issuedAt ?? null,
    remove_at: redeemableUntil(login),
  };
}
