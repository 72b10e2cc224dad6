import { createHash } from 'node:crypto';
import { type AlertVerdict, alertLimits, type LeakAlerts, leakAlerts } from '@andamio/schema/secret-scanning';
import { parseJson, readJsonBody } from '../request/json-body.ts';
import { HttpError } from '../response/errors.ts';

const details = {
  invalid_body: 'The body must be a JSON array of alerts in UTF-8, sent as application/json and not compressed.',
  body_too_large: `The body must be at most ${alertLimits.bytes / 1024} KiB and ${alertLimits.alerts} alerts.`,
};

/** Reads the bytes of a message. They are what was signed, so none of them may be unpacked first. */
export const readAlerts = readJsonBody({ limit: alertLimits.bytes, encodings: new Set(['identity']), details });

/**
 * Understands a message. What is no array, or lacks a field, is 400, also beside other faults; a value that breaks the schema is
 * 422 (contract, part C).
 */
export function parseAlerts(bytes: unknown): LeakAlerts {
  const value = parseJson(bytes);
  if (!Array.isArray(value)) throw new HttpError('invalid_body', details.invalid_body);
  if (value.length > alertLimits.alerts) throw new HttpError('body_too_large', details.body_too_large);
  const parsed = leakAlerts.safeParse(value);
  if (parsed.success) return parsed.data;

  const problems = parsed.error.issues.map(({ path: [index, field], message }) => {
    const isMissing = field !== undefined && !Object.hasOwn(value[index as number], field);
    const where = field === undefined ? `[${String(index)}]` : `[${String(index)}].${String(field)}`;
    return { isMissing, text: `${where}: ${isMissing ? 'is required' : message}` };
  });
  // One is told: a message of a thousand alerts may have as many faults.
  const problem = problems.find(({ isMissing }) => isMissing) ?? problems[0];
  throw new HttpError(problem?.isMissing ? 'missing_field' : 'invalid_field', problem?.text);
}

/** What GitHub is answered, alert by alert. */
export function verdictsOf(alerts: LeakAlerts, revoked: ReadonlySet<string>): AlertVerdict[] {
  return alerts.map(({ token, type }) => ({
    token_hash: createHash('sha256').update(token).digest('hex'),
    token_type: type,
    label: revoked.has(token) ? 'true_positive' : 'false_positive',
  }));
}
