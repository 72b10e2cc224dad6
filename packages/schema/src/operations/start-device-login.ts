import * as z from 'zod';
import { deviceKeyPrefix } from '../device-key-prefix.ts';
import { basePath, publicHosts, publicUrl } from '../hosts.ts';
import { expiresInDays, integer, keyName, nameLength } from './fields.ts';
import type { PublicBodyOperation } from './operation.ts';

/** Number of seconds for which the codes of a device login are valid and a user can approve it. */
export const deviceLoginSeconds = 600;

/** Minimum number of seconds between two requests of a program for the key of its device login. */
export const devicePollSeconds = 5;

/** Validity period, in days, of the key if the request for a device login does not specify one. */
const defaultDays = 30;

/**
 * Maximum validity period, in days, of the key of a device login. The period is chosen by a program
 * without credentials, and a deceived user may approve it.
 */
const maximumDays = 90;

/**
 * Matches the names that the approval page shows unaltered. Other names could contain invisible
 * characters, or characters that change the direction of the text after them.
 */
const readableName = /^[A-Za-z0-9_ .-]+$/;

const body = z
  .object(
    {
      api_key_name: keyName(nameLength.maximum - deviceKeyPrefix.length)
        .refine((name) => readableName.test(name), {
          error:
            'must contain only the letters A-Z and a-z, digits, spaces, periods, underscores and hyphens',
        })
        .meta({
          description: `The name of the key, to which the service adds the prefix \`${deviceKeyPrefix}\`. The user who approves the login must not have a key with the prefixed name.`,
          pattern: readableName.source,
          examples: ['laptop'],
        }),
      expires_in_days: expiresInDays
        .refine((days) => days <= maximumDays, { error: `must be at most ${maximumDays}` })
        .default(defaultDays)
        .meta({
          description:
            'Number of days until the key expires, counted from the time at which it is issued. The operator may set a lower maximum, which the error for a greater number states.',
          maximum: maximumDays,
          examples: [defaultDays],
        }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'StartDeviceLoginBody' });

const success = z
  .object({
    device_code: z.string().meta({
      description:
        'The secret with which the program gets the key. Keep it in memory and show it to nobody.',
    }),
    user_code: z.string().meta({
      description: 'The code that the program shows to the user, 8 letters with a dash.',
    }),
    verification_uri: z.string().meta({
      format: 'uri',
      description: 'The page on which the user enters the code. The program shows it too.',
    }),
    interval: integer.meta({
      description: 'Minimum number of seconds between requests for the key.',
    }),
    expires_in: integer.meta({ description: 'Seconds until the codes expire.' }),
  })
  .meta({ id: 'StartedDeviceLogin' });

/** The parsed request body, with defaults applied. */
export type StartDeviceLoginBody = z.output<typeof body>;
/** The body of a successful response. */
export type StartedDeviceLogin = z.output<typeof success>;

/** POST /api/v1/apikey/device (contract, "Device login"). */
export const startDeviceLogin = {
  id: 'start-device-login',
  method: 'post',
  path: `${basePath}/apikey/device`,
  tag: 'Device Login',
  summary: 'Start a Device Login',
  description:
    'Starts the login of a program that has no credentials, on a machine without a browser (RFC 8628). The program shows `user_code` and `verification_uri` to its user, who approves the login on that page. Meanwhile the program asks for the key with `device_code`. An operator enables device logins with `DEVICE_LOGIN=on`; without it, the path does not exist.',
  security: 'none',
  body: {
    description:
      "The key that the program asks for. A client's address may start 10 logins a minute.",
    schema: body,
    example: { api_key_name: 'laptop' },
  },
  success: {
    description: 'The codes of the login.',
    schema: success,
    example: {
      device_code: `WDJBMJHT${'x'.repeat(43)}`,
      user_code: 'WDJB-MJHT',
      verification_uri: `${publicUrl(publicHosts.prod)}/console/device`,
      interval: devicePollSeconds,
      expires_in: deviceLoginSeconds,
    },
  },
  errors: [400, 404, 422, 429, 500],
} as const satisfies PublicBodyOperation<typeof body>;
