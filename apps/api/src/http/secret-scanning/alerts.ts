import { createHash } from 'node:crypto';
import { type AlertVerdict, type LeakAlert, leakAlert, maximumAlertBytes } from '@andamio/schema/secret-scanning';
import { readJsonBody } from '../request/json-body.ts';
import { HttpError } from '../response/errors.ts';

const details = {
  invalid_body: 'The body must be a JSON array of alerts, sent as application/json and not compressed.',
  body_too_large: `The body must be at most ${maximumAlertBytes / 1024} KiB.`,
};

/** Reads the bytes of a message. They are what was signed, so none of them may be unpacked first. */
export const readAlerts = readJsonBody({ limit: maximumAlertBytes, encodings: new Set(['identity']), details });

/** Parses JSON, also where a string in it is not UTF-8: one such alert must not hide the others. */
function parse(bytes: unknown): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes as Uint8Array));
  } catch {
    return undefined;
  }
}

/** The alerts of a message, and how many of its entries are none. */
export interface ParsedAlerts {
  readonly alerts: readonly LeakAlert[];
  readonly unreadable: number;
}

/**
 * Reads the alerts of a message one by one. An entry that names no token is passed over.
 *
 * @throws {@link HttpError} `invalid_body` if the message is not an array.
 */
export function parseAlerts(bytes: unknown): ParsedAlerts {
  const entries = parse(bytes);
  if (!Array.isArray(entries)) throw new HttpError('invalid_body', details.invalid_body);
  const alerts = entries.flatMap((entry) => leakAlert.safeParse(entry).data ?? []);
  return { alerts, unreadable: entries.length - alerts.length };
}

/** Answers GitHub, alert by alert. */
export function verdictsOf(alerts: readonly LeakAlert[], revoked: ReadonlySet<string>): AlertVerdict[] {
  return alerts.map(({ token, type }) => ({
    token_hash: createHash('sha256').update(token).digest('hex'),
    token_type: type,
    label: revoked.has(token) ? 'true_positive' : 'false_positive',
  }));
}
