import type * as z from 'zod';
import { HttpError } from '../response/errors.ts';
import { parseJson, readJsonBody } from './json-body.ts';

/** Reads the bytes of an operation's body (contract, part C). */
export const readBody = readJsonBody({ limit: 16 * 1024, encodings: new Set(['identity', 'gzip', 'deflate']) });

function parseObject(bytes: unknown): Record<string, unknown> {
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HttpError('invalid_body');
  return value as Record<string, unknown>;
}

/**
 * Understands a body by the schema of its operation. A required field that is missing is 400, also beside other faults; a
 * value that breaks the schema is 422, and `details` names every field with its rule (contract, part C).
 */
export function parseBody<Schema extends z.ZodObject>(bytes: unknown, schema: Schema): z.output<Schema> {
  const object = parseObject(bytes);
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;

  const problems = parsed.error.issues.map(({ path, message }) => ({ field: String(path[0]), rule: message }));
  const missing = problems.filter(({ field }) => !Object.hasOwn(object, field));
  if (missing.length > 0) {
    throw new HttpError('missing_field', missing.map(({ field }) => `${field}: is required`).join('; '));
  }
  // Once each, though a rule be broken by every item of a list.
  const broken = new Set(problems.map(({ field, rule }) => `${field}: ${rule}`));
  throw new HttpError('invalid_field', [...broken].join('; '));
}
