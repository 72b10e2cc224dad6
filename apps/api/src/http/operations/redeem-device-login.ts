import { digestOfDeviceCode } from '@andamio/keys/device-login/codes';
import { redeemDeviceLogin } from '@andamio/keys/device-login/redeem';
import type { DeviceLoginDependencies } from '@andamio/keys/device-login/start';
import type { IssueKeyDependencies } from '@andamio/keys/issue';
import { specificDetails } from '@andamio/schema/errors';
import type { RedeemDeviceLoginBody, RedeemedDeviceLogin } from '@andamio/schema/operations';
import type { PollPace } from '../limits/poll-pace.ts';
import { describeKey } from '../response/describe-key.ts';
import { HttpError, refusalOf } from '../response/errors.ts';

/**
 * Creates the handler of POST /api/v1/apikey/device/token, which returns the key of an approved
 * device login.
 */
export function redeemDeviceLoginHandler(
  dependencies: DeviceLoginDependencies & IssueKeyDependencies,
  pace: PollPace,
) {
  return async ({
    device_code: deviceCode,
  }: RedeemDeviceLoginBody): Promise<RedeemedDeviceLogin> => {
    const issued = await redeemDeviceLogin(dependencies, deviceCode);
    if (issued === 'authorization_pending') {
      const interval = pace.slowDown(digestOfDeviceCode(deviceCode));
      if (interval !== undefined)
        throw new HttpError('slow_down', specificDetails.slowDown(interval));
    }
    if (typeof issued === 'string') throw refusalOf(issued, dependencies);
    return { api_key: issued.key, ...describeKey(issued.facts, true) };
  };
}
