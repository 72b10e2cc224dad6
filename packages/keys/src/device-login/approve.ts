import { expiryOf } from '../expiry.ts';
import { decideIssuable, type IssueRefusal, issueScope } from '../issue.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from '../owner.ts';
import { deviceLoginIds } from './codes.ts';
import { decideLookup, decideVerdict } from './decide.ts';
import type { DeviceLogin } from './model.ts';
import type { DeviceLoginDependencies } from './start.ts';

/**
 * Looks up a device login for a user, and binds it to the user.
 *
 * @param userCode the 8 letters.
 * @throws the same errors as {@link DeviceLoginDependencies.store}.
 */
export function lookUpDeviceLogin(
  { store, now, digesters }: DeviceLoginDependencies,
  { userId }: Owner,
  userCode: string,
): Promise<DeviceLogin | 'unknown_user_code'> {
  const decider = { userId, now: Math.floor(now() / 1000) };
  return store.transactDeviceLogin(deviceLoginIds(digesters, userCode), (login) =>
    decideLookup(login, decider),
  );
}

/**
 * Approves or denies a device login that the user has looked up. An approval is refused if the key
 * could not be issued now. After an approval, the key can still be refused when the program redeems
 * the login, and until then the user can still deny it.
 *
 * @param userCode the 8 letters.
 * @throws the same errors as {@link DeviceLoginDependencies.store}.
 */
export async function decideDeviceLogin(
  { store, now, digesters, maximumDays }: DeviceLoginDependencies,
  owner: Owner,
  userCode: string,
  state: 'approved' | 'denied',
): Promise<DeviceLogin | 'unknown_user_code' | 'device_login_redeemed' | IssueRefusal> {
  const { userId } = owner;
  const tierClaim = tierClaimOf(owner);
  const ids = deviceLoginIds(digesters, userCode);
  const verdict = { userId, now: Math.floor(now() / 1000), state, tierClaim };
  const login = decideVerdict(await store.findDeviceLogin(ids), verdict);
  // A repeated approval is not checked again: its key may have been issued, and have taken the
  // name.
  if (login.login !== undefined && state === 'approved') {
    const { name, expiresInDays } = login.login;
    const createdAt = verdict.now;
    const expiresAt = expiryOf(createdAt, expiresInDays);
    const record = { userId, name, createdAt, expiresAt, expiresInDays };
    const command = { record, tierClaim, maximumKeysOf, maximumDays };
    const checked = await store.transact(issueScope(command), (view) =>
      decideIssuable(view, command),
    );
    if (checked !== 'issuable') return checked;
  }
  return store.transactDeviceLogin(ids, (found) => decideVerdict(found, verdict));
}
