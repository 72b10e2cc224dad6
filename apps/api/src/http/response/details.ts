import { idempotencyKeyHeader } from '@andamio/schema/idempotency-key';
import { maximumAlertBytes } from '@andamio/schema/secret-scanning';

/**
 * Error `details` that are more specific than the default of their error code in
 * `packages/schema/src/errors.ts`. Errors tell clients nothing except these texts, the defaults,
 * and the rules of fields.
 */
export const details = {
  host: 'The header Host must be sent once, as a host name or address with an optional port.',
  idempotencyKey: `${idempotencyKeyHeader}: must be 1 to 128 visible ASCII characters, sent once`,
  quota: {
    day: "Daily quota: the requests that the owner's tier allows per UTC day are used up. Retry after the time in Retry-After.",
    month:
      "Monthly quota: the requests that the owner's tier allows per UTC month are used up. Retry after the time in Retry-After.",
  },
  alerts: {
    invalid_body:
      'The body must be a JSON array of alerts, sent as application/json and not compressed.',
    body_too_large: `The body must be at most ${maximumAlertBytes / 1024} KiB.`,
  },
} as const;
