import * as z from 'zod';
import { deviceKeyPrefix } from '../device-key-prefix.ts';
import { basePath } from '../hosts.ts';
import type { PublicBodyOperation } from './operation.ts';
import { requestApiKey } from './request-api-key.ts';
import { startDeviceLogin } from './start-device-login.ts';

const body = z
  .object(
    {
      device_code: z.string({ error: 'must be a string' }).meta({
        description: 'The `device_code` of the login.',
        examples: [startDeviceLogin.success.example.device_code],
      }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RedeemDeviceLoginBody' });

const success = requestApiKey.success.schema
  .extend({
    name: z.string().meta({
      description: `The name of the key: \`${deviceKeyPrefix}\` and the \`api_key_name\` of the login.`,
    }),
  })
  .meta({ id: 'RedeemedDeviceLogin' });

/** The parsed request body. */
export type RedeemDeviceLoginBody = z.output<typeof body>;
/** The body of a successful response: the fields of a new key. */
export type RedeemedDeviceLogin = z.output<typeof success>;

/** POST /api/v1/apikey/device/token (contract, "Device login"). */
export const redeemDeviceLogin = {
  id: 'redeem-device-login',
  method: 'post',
  path: `${basePath}/apikey/device/token`,
  tag: 'Device Login',
  summary: 'Get the API Key of a Device Login',
  description:
    'Returns the key once the user has approved the login. Until then, the response is 400 with `authorization_pending`, or `slow_down` if the requests come too fast; from then on, wait 5 seconds longer between requests. `access_denied` and `expired_token` are final. A login yields at most one key. A repeated request gets the same key until 1 minute after the codes expire.',
  security: 'none',
  oauthErrors: true,
  body: {
    description: 'The code of the login.',
    schema: body,
    example: { device_code: startDeviceLogin.success.example.device_code },
  },
  success: {
    description: 'The key of the login.',
    schema: success,
    example: {
      ...requestApiKey.success.example,
      expires_in_days: 30,
      expires_at: '2025-09-30T23:59:59Z',
      name: `${deviceKeyPrefix}${startDeviceLogin.body.example.api_key_name}`,
    },
  },
  errors: [400, 403, 404, 422, 429, 500],
} as const satisfies PublicBodyOperation<typeof body>;
