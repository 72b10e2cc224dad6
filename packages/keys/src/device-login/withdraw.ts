import type { OwnerCommand } from '../model.ts';
import {
  type DeviceLogin,
  type DeviceLoginDecision,
  type DeviceLoginStore,
  redeemableUntil,
} from './model.ts';

/** Reports whether a device login is approved and can yield its key. `now` is Unix seconds. */
const isRedeemable = (login: DeviceLogin, now: number) =>
  login.state === 'approved' && now < redeemableUntil(login);

/** Reports whether a device login can yield its key, now or after its approval. */
const mayYieldKey = ({ state }: DeviceLogin) => state === 'pending' || state === 'approved';

/**
 * Decides, on behalf of an operator, whether a device login is denied. Only an approved login
 * that can yield its key is denied. The login was not denied when it was listed. If it is now, an
 * earlier attempt of this decision may have denied it, so the outcome is that of the denial.
 */
function decideWithdrawal(
  found: DeviceLogin | undefined,
  { userId, by: actor, reason, now: at }: OwnerCommand,
): DeviceLoginDecision<boolean> {
  if (found?.userId !== userId) return { outcome: false };
  if (found.state === 'denied') return { outcome: true };
  if (!isRedeemable(found, at)) return { outcome: false };
  const action = 'device_login.denied';
  const entry = { at, actor, action, userId, name: found.name, reason } as const;
  return { outcome: true, login: { ...found, state: 'denied' }, entry };
}

/** Counts a user's approved device logins that can yield their key. `now` is Unix seconds. */
export async function countRedeemableLogins(
  store: DeviceLoginStore,
  { userId, now }: Pick<OwnerCommand, 'userId' | 'now'>,
): Promise<number> {
  const logins = await store.deviceLoginsOf(userId);
  return logins.filter((login) => isRedeemable(login, now)).length;
}

/**
 * Denies the approved device logins of a user on behalf of an operator, so that none of them yields
 * a key. A login that is redeemed meanwhile is not denied.
 *
 * @returns the number of listed logins that are now denied, including those that their user denied
 *   after they were listed.
 * @throws the same errors as the store.
 */
export async function denyRedeemableLogins(
  store: DeviceLoginStore,
  command: OwnerCommand,
): Promise<number> {
  const { userId, now } = command;
  const logins = await store.deviceLoginsOf(userId);
  // A pending login is included, because it may be approved meanwhile.
  const open = logins.filter((login) => mayYieldKey(login) && now < redeemableUntil(login));
  const outcomes = await Promise.all(
    open.map(({ id }) =>
      store.transactDeviceLogin([id], (login) => decideWithdrawal(login, command)),
    ),
  );
  return outcomes.filter((isDenied) => isDenied).length;
}
