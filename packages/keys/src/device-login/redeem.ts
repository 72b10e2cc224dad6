import {
  decideIssue,
  type IssueCommand,
  type IssueKeyDependencies,
  type IssueOutcome,
  type IssueRefusal,
  issueKeyBy,
  issueScope,
  type NewKey,
} from '../issue.ts';
import type { Decision, View } from '../model.ts';
import { deviceLoginIds, digestOfDeviceCode, isSameDigest, userCodeOf } from './codes.ts';
import { type DeviceLogin, decidableUntil, redeemableUntil } from './model.ts';
import type { DeviceLoginDependencies } from './start.ts';

/** The reasons why a device login yields no key, named as in RFC 8628 section 3.5. */
export type RedeemRefusal = 'authorization_pending' | 'access_denied' | 'expired_token';

/** Finds the device login that a device code belongs to. */
async function findLogin(
  { store, digesters }: DeviceLoginDependencies,
  deviceCode: string,
): Promise<DeviceLogin | undefined> {
  const userCode = userCodeOf(deviceCode);
  if (userCode === undefined) return undefined;
  const login = await store.findDeviceLogin(deviceLoginIds(digesters, userCode));
  const isOwn =
    login !== undefined && isSameDigest(login.deviceCodeDigest, digestOfDeviceCode(deviceCode));
  return isOwn ? login : undefined;
}

/**
 * Decides whether the key of a device login is issued. The login must still be approved when the
 * key is stored, and is redeemed in the same commit. A login that was denied therefore never yields
 * a key.
 */
function decideRedemption(
  view: View,
  command: IssueCommand,
): Decision<IssueOutcome | 'access_denied'> {
  const decision = decideIssue(view, command);
  if (decision.outcome !== 'issued') return decision;
  const { deviceLogin: login } = view;
  if (login?.state !== 'approved') return { outcome: 'access_denied', changes: [] };
  return {
    outcome: 'issued',
    changes: [
      ...decision.changes,
      { type: 'put_device_login', login: { ...login, state: 'redeemed' } },
    ],
  };
}

/**
 * Issues the key of an approved device login. Before the approval, a call costs one read. The
 * device code is the `Idempotency-Key` of the key's request. Concurrent and repeated requests
 * therefore derive the same key, and a login yields at most one key. It yields no key if its user
 * denies it before the key is stored.
 *
 * @throws the same errors as {@link DeviceLoginDependencies.store}.
 */
export async function redeemDeviceLogin(
  dependencies: DeviceLoginDependencies & IssueKeyDependencies,
  deviceCode: string,
): Promise<NewKey | RedeemRefusal | IssueRefusal> {
  const login = await findLogin(dependencies, deviceCode);
  const now = Math.floor(dependencies.now() / 1000);
  if (login === undefined || redeemableUntil(login) <= now) return 'expired_token';
  if (login.state === 'denied') return 'access_denied';
  if (login.state === 'pending')
    return now < decidableUntil(login) ? 'authorization_pending' : 'expired_token';
  const { userId, tierClaim, name, expiresInDays } = login;
  const owner = { userId, tier: tierClaim.tier, tokenIssuedAt: tierClaim.issuedAt };
  const input = { name, expiresInDays, idempotencyKey: deviceCode };
  const issued = await issueKeyBy(dependencies, owner, input, 'device', (command) => {
    // The login is stored already, so the store must read before it decides.
    const scope = { ...issueScope(command), expectsNothing: false, deviceLoginId: login.id };
    return dependencies.store.transact(scope, (view) => decideRedemption(view, command));
  });
  // The key was issued, and has since been deleted or rolled.
  const isSpent = issued === 'idempotency_key_outdated' || issued === 'idempotency_key_reused';
  return isSpent ? 'expired_token' : issued;
}
