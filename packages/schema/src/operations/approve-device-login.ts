import * as z from 'zod';
import { deviceKeyPrefix } from '../device-key-prefix.ts';
import { basePath } from '../hosts.ts';
import { parseUserCode } from '../user-code.ts';
import { integer, timestamp } from './fields.ts';
import type { BearerOperation } from './operation.ts';

const body = z
  .object(
    {
      user_code: z
        .string({ error: 'must be a string' })
        .refine((text) => parseUserCode(text) !== undefined, {
          error: 'must be the 8 letters that the program shows, such as WDJB-MJHT',
        })
        .meta({
          description: 'The code that the program shows. Case, dashes and spaces do not matter.',
          examples: ['WDJB-MJHT'],
        }),
      decision: z
        .enum(['approve', 'deny'], { error: 'must be approve or deny' })
        .optional()
        .meta({
          description:
            'The decision of the user. If it is omitted, the request looks up the login, and from then on only this user can approve or deny it.',
          examples: ['deny'],
        }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'ApproveDeviceLoginBody' });

const success = z
  .object({
    user_code: z.string().meta({ description: 'The code as the program shows it.' }),
    state: z.enum(['pending', 'approved', 'denied', 'redeemed']).meta({
      description:
        'The decision so far. `pending` if there is none, and `redeemed` once the program has the key of an approved login.',
    }),
    api_key_name: z.string().meta({
      description: `The name of the key that the login issues. The program chose the part after the prefix \`${deviceKeyPrefix}\`, so do not rely on the name to identify the program.`,
    }),
    expires_in_days: integer.meta({ description: 'The validity of the key in days.' }),
    address: z.string().meta({
      description: 'The network address from which the program started the login.',
    }),
    same_network: z.boolean().meta({
      description:
        'Whether this request comes from the same network as the program: the same IPv4 address, or the same IPv6 network with a /56 prefix. If not, ask the user a second time before they approve the login.',
    }),
    requested_at: timestamp.meta({
      description: 'Time at which the program started the login (RFC 3339, UTC).',
    }),
    expires_at: timestamp.meta({
      description: 'Time until which the login can be approved or denied (RFC 3339, UTC).',
    }),
  })
  .meta({ id: 'DeviceLogin' });

/** The parsed request body. */
export type ApproveDeviceLoginBody = z.output<typeof body>;
/** The body of a successful response. */
export type DeviceLoginAnswer = z.output<typeof success>;

/** POST /api/v1/apikey/device/approve (contract, "Device login"). */
export const approveDeviceLogin = {
  id: 'approve-device-login',
  method: 'post',
  path: `${basePath}/apikey/device/approve`,
  tag: 'Device Login',
  summary: 'Look Up, Approve or Deny a Device Login',
  description:
    "Returns the details of a program's request for a key, and approves or denies the request. First look up the login, without `decision`: this binds the login to the user, so that nobody else can approve or deny it. A denial is final. An approval can be followed by `deny` until the program has its key, and then gets 409. Unknown and expired codes, and codes of other users, get the same 404. After 5 wrong codes within 10 minutes, all codes of the user get 429 until the 10 minutes end.",
  security: 'bearer',
  permission: 'apikey:write',
  body: {
    description: 'The code, and the decision of the user once they have compared the code.',
    schema: body,
    example: { user_code: 'WDJB-MJHT' },
  },
  success: {
    description: 'The login, with the decision so far.',
    schema: success,
    example: {
      user_code: 'WDJB-MJHT',
      state: 'pending',
      api_key_name: 'device-laptop',
      expires_in_days: 30,
      address: '203.0.113.7',
      same_network: true,
      requested_at: '2025-08-31T23:59:59Z',
      expires_at: '2025-09-01T00:09:59Z',
    },
  },
  errors: [400, 401, 403, 404, 409, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
