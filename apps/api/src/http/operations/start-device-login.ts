import { type DeviceLoginDependencies, startDeviceLogin } from '@andamio/keys/device-login/start';
import { deviceKeyPrefix } from '@andamio/schema/device-key-prefix';
import { specificDetails } from '@andamio/schema/errors';
import {
  deviceLoginSeconds,
  devicePollSeconds,
  type StartDeviceLoginBody,
  type StartedDeviceLogin,
} from '@andamio/schema/operations';
import { formatUserCode } from '@andamio/schema/user-code';
import { devicePagePath } from '../console/paths.ts';
import type { Exchange } from '../exchange.ts';
import type { LimitStarts } from '../limits/device-logins.ts';
import type { OriginOf } from '../request/origin.ts';
import { HttpError, refusalOf } from '../response/errors.ts';

/**
 * Creates the handler of POST /api/v1/apikey/device, which starts a device login for a program
 * without credentials.
 */
export function startDeviceLoginHandler(
  dependencies: DeviceLoginDependencies,
  originOf: OriginOf,
  limitStarts: LimitStarts,
) {
  return async (
    { api_key_name: name, expires_in_days: expiresInDays }: StartDeviceLoginBody,
    { request, address }: Exchange,
  ): Promise<StartedDeviceLogin> => {
    const origin = originOf(request);
    if (origin === undefined) throw new HttpError('malformed_request', specificDetails.host);
    const input = { name: deviceKeyPrefix + name, expiresInDays, address };
    const codes = await limitStarts(address, async () => {
      const outcome = await startDeviceLogin(dependencies, input);
      if (typeof outcome === 'string') throw refusalOf(outcome, dependencies);
      return outcome;
    });
    return {
      device_code: codes.deviceCode,
      user_code: formatUserCode(codes.userCode),
      verification_uri: origin + devicePagePath,
      interval: devicePollSeconds,
      expires_in: deviceLoginSeconds,
    };
  };
}
