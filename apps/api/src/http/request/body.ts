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

interface Problem {
  readonly field: string;
  readonly details: string;
}

const problemsOf = ({ issues }: z.ZodError): Problem[] =>
  issues.map(({ path, message: rule }) => {
    const field = String(path[0]);
    const { brokenRule, brokenItemRule } = specificDetails;
    return { field, details: (path.length > 1 ? brokenItemRule : brokenRule)(field, rule) };
  });

/**
 * Returns the error for values that break a schema. The error lists each invalid field with the
 * rule that the field breaks.
 */
export function invalidField(error: z.ZodError): HttpError {
  // If several items of a list break the same rule, the rule is listed once.
  const broken = new Set(problemsOf(error).map(({ details }) => details));
  return new HttpError('invalid_field', [...broken].join(' '));
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

  const missing = problemsOf(parsed.error).filter(({ field }) => !Object.hasOwn(object, field));
  if (missing.length > 0) {
    throw new HttpError(
      'missing_field',
      missing.map(({ field }) => specificDetails.missingField(field)).join(' '),
    );
  }
  throw invalidField(parsed.error);
}
