import type { IncomingMessage } from 'node:http';
import { specificDetails } from '@andamio/schema/errors';
import type * as z from 'zod';
import { HttpError } from '../response/errors.ts';
import { invalidField } from './body.ts';

/**
 * Parses the query string of a request according to the schema of its operation. Parameters that
 * the schema does not have are ignored. Numbers must consist of decimal digits.
 *
 * @throws {@link HttpError} `invalid_field`.
 */
export function parseQuery<Schema extends z.ZodObject>(
  { url = '' }: Pick<IncomingMessage, 'url'>,
  schema: Schema,
): z.output<Schema> {
  const start = url.indexOf('?');
  const sent = new URLSearchParams(start < 0 ? '' : url.slice(start));
  const values: Record<string, string | number> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const [text, ...more] = sent.getAll(name);
    if (more.length > 0) throw new HttpError('invalid_field', specificDetails.sentTwice(name));
    if (text === undefined) continue;
    const isNumber = /^\d+$/.test(text) && !(field as z.ZodType).safeParse(text).success;
    values[name] = isNumber ? Number(text) : text;
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw invalidField(parsed.error);
}
