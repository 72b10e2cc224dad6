import { specificDetails } from '@andamio/schema/errors';
import type * as z from 'zod';
import { HttpError } from '../response/errors.ts';
import { parseJson, readJsonBody } from './json-body.ts';

/** Reads the body of a request to an operation (contract, part C). */
export const readBody = readJsonBody({
  limit: 16 * 1024,
  encodings: new Set(['identity', 'gzip', 'deflate']),
});

function parseObject(bytes: Uint8Array | undefined): Record<string, unknown> {
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HttpError('invalid_body');
  return value as Record<string, unknown>;
}

/**
 * Parses a body according to its operation's schema (contract, part C). A missing required field is
 * answered with 400, even if other fields are invalid. An invalid value is answered with 422, and
 * `details` lists each field with the rule that it breaks.
 *
 * @throws {@link HttpError} `invalid_body`, `missing_field`, `invalid_field`.
 */
export function parseBody<Schema extends z.ZodObject>(
  bytes: Uint8Array | undefined,
  schema: Schema,
): z.output<Schema> {
  const object = parseObject(bytes);
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;

  const problems = parsed.error.issues.map(({ path, message }) => ({
    field: String(path[0]),
    rule: message,
  }));
  const missing = problems.filter(({ field }) => !Object.hasOwn(object, field));
  if (missing.length > 0) {
    throw new HttpError(
      'missing_field',
      missing.map(({ field }) => specificDetails.missingField(field)).join('; '),
    );
  }
  // A rule that several items of a list break is listed once.
  const broken = new Set(problems.map(({ field, rule }) => `${field}: ${rule}`));
  throw new HttpError('invalid_field', [...broken].join('; '));
}
