import { createHash } from 'node:crypto';
import { specificDetails } from '@andamio/schema/errors';
import {
  type AlertVerdict,
  type LeakAlert,
  leakAlert,
  maximumAlertBytes,
} from '@andamio/schema/secret-scanning';
import { readJsonBody } from '../request/json-body.ts';
import { HttpError } from '../response/errors.ts';

/**
 * Reads the body of a message from GitHub's secret scanning. Compressed bodies are refused, because
 * the signature covers the bytes exactly as they are sent.
 */
export const readAlerts = readJsonBody({
  limit: maximumAlertBytes,
  encodings: new Set(['identity']),
  details: specificDetails.alerts,
});

/**
 * Parses JSON even if a string in it is not valid UTF-8, because one invalid alert must not hide
 * the others.
 */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The alerts in a message from GitHub, and the number of entries that could not be read. */
export interface ParsedAlerts {
  readonly alerts: readonly LeakAlert[];
  readonly unreadable: number;
}

/**
 * Parses the alerts in a message from GitHub one by one. Entries without a token are skipped.
 *
 * @throws {@link HttpError} `invalid_body` if the message is not an array.
 */
export function parseAlerts(bytes: Uint8Array): ParsedAlerts {
  const entries = parse(bytes);
  if (!Array.isArray(entries))
    throw new HttpError('invalid_body', specificDetails.alerts.invalid_body);
  const alerts = entries.flatMap((entry) => leakAlert.safeParse(entry).data ?? []);
  return { alerts, unreadable: entries.length - alerts.length };
}

/** Returns the verdict on each alert, as GitHub expects it. */
export function verdictsOf(
  alerts: readonly LeakAlert[],
  revoked: ReadonlySet<string>,
): AlertVerdict[] {
  return alerts.map(({ token, type }) => ({
    token_hash: createHash('sha256').update(token).digest('hex'),
    token_type: type,
    label: revoked.has(token) ? 'true_positive' : 'false_positive',
  }));
}
