import { ownEntry } from '../audit.ts';
import type { TierClaim } from '../model.ts';
import {
  type DeviceLogin,
  type DeviceLoginDecision,
  decidableUntil,
  redeemableUntil,
} from './model.ts';

/**
 * Decides whether a new device login is stored. Its user code must not belong to another login that
 * is still in use.
 */
export function decideStart(
  found: DeviceLogin | undefined,
  login: DeviceLogin,
): DeviceLoginDecision<'started' | 'user_code_taken'> {
  if (found === undefined || redeemableUntil(found) <= login.createdAt)
    return { outcome: 'started', login };
  const isRepeated = found.deviceCodeDigest === login.deviceCodeDigest;
  return { outcome: isRepeated ? 'started' : 'user_code_taken' };
}

/** The user who looks up or decides a device login, and the time. */
export interface Decider {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
}

/** Returns when a device login stops being shown to its user, in Unix seconds. */
const shownUntil = (login: DeviceLogin) =>
  login.state === 'pending' ? decidableUntil(login) : redeemableUntil(login);

/**
 * Decides whether a user may see a device login. The first user who looks up a login becomes the
 * only one who can see, approve or deny it. All refusals are the same, so that a guess reveals
 * nothing.
 */
export function decideLookup(
  found: DeviceLogin | undefined,
  { userId, now }: Decider,
): DeviceLoginDecision<DeviceLogin | 'unknown_user_code'> {
  if (found === undefined || shownUntil(found) <= now) return { outcome: 'unknown_user_code' };
  if (found.userId === userId) return { outcome: found };
  if (found.userId !== undefined) return { outcome: 'unknown_user_code' };
  const login = { ...found, userId };
  return { outcome: login, login };
}

/** The decision of a user on a device login. */
export interface Verdict extends Decider {
  readonly state: 'approved' | 'denied';
  readonly tierClaim: TierClaim;
}

/**
 * Decides whether a user may approve or deny a device login. Only the user who looked the login up
 * can do so. A denial is final. An approval can be taken back until the login is redeemed. If the
 * user repeats the same decision, the answer is the same.
 */
export function decideVerdict(
  found: DeviceLogin | undefined,
  { userId, now, state, tierClaim }: Verdict,
): DeviceLoginDecision<DeviceLogin | 'unknown_user_code' | 'device_login_redeemed'> {
  if (found === undefined || shownUntil(found) <= now || found.userId !== userId)
    return { outcome: 'unknown_user_code' };
  if (found.state === state) return { outcome: found };
  if (found.state === 'redeemed')
    return { outcome: state === 'approved' ? found : 'device_login_redeemed' };
  if (found.state === 'denied') return { outcome: 'unknown_user_code' };
  const login: DeviceLogin = { ...found, userId, state, tierClaim };
  const action = state === 'approved' ? 'device_login.approved' : 'device_login.denied';
  const own = ownEntry(action, { at: now, userId, name: found.name });
  const note = found.state === 'approved' ? ', approval taken back' : '';
  const entry = { ...own, reason: `started from ${found.address}${note}` };
  return { outcome: login, login, entry };
}
