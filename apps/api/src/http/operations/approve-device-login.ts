import { decideDeviceLogin, lookUpDeviceLogin } from '@andamio/keys/device-login/approve';
import { type DeviceLogin, decidableUntil } from '@andamio/keys/device-login/model';
import type { DeviceLoginDependencies } from '@andamio/keys/device-login/start';
import type { Owner } from '@andamio/keys/owner';
import type { ApproveDeviceLoginBody, DeviceLoginAnswer } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { formatUserCode, parseUserCode } from '@andamio/schema/user-code';
import type { Exchange } from '../exchange.ts';
import type { LimitGuesses } from '../limits/device-logins.ts';
import { addressKey } from '../limits/limit.ts';
import { refusalOf } from '../response/errors.ts';

/** Returns the description of a device login for a user whose request comes from `address`. */
function describe(userCode: string, login: DeviceLogin, address: string): DeviceLoginAnswer {
  return {
    user_code: formatUserCode(userCode),
    state: login.state,
    api_key_name: login.name,
    expires_in_days: login.expiresInDays,
    address: login.address,
    same_network: addressKey(login.address) === addressKey(address),
    requested_at: formatTimestamp(login.createdAt),
    expires_at: formatTimestamp(decidableUntil(login)),
  };
}

const states = { approve: 'approved', deny: 'denied' } as const;

/**
 * Creates the handler of POST /api/v1/apikey/device/approve, which looks up, approves or denies a
 * device login for a user.
 */
export function approveDeviceLoginHandler(
  dependencies: DeviceLoginDependencies,
  limitGuesses: LimitGuesses,
) {
  async function answer(
    owner: Owner,
    address: string,
    userCode: string,
    decision: ApproveDeviceLoginBody['decision'],
  ): Promise<DeviceLoginAnswer> {
    const login =
      decision === undefined
        ? await lookUpDeviceLogin(dependencies, owner, userCode)
        : await decideDeviceLogin(dependencies, owner, userCode, states[decision]);
    if (typeof login === 'string') throw refusalOf(login, dependencies);
    return describe(userCode, login, address);
  }

  return (
    owner: Owner,
    { user_code: typed, decision }: ApproveDeviceLoginBody,
    _idempotencyKey: string | undefined,
    { address }: Exchange,
  ): Promise<DeviceLoginAnswer> => {
    // The schema accepts only user codes.
    const userCode = parseUserCode(typed) as string;
    const guesser = { userId: owner.userId, address };
    return limitGuesses(guesser, () => answer(owner, address, userCode, decision));
  };
}
