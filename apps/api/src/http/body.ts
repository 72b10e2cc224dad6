import type { RequestHandler } from 'express';
import { raw } from 'express';
import type * as z from 'zod';
import { HttpError } from './errors.ts';

/** The largest body in bytes, after decompression (contract, part C). */
const limit = 16 * 1024;
/** And before: what does not compress grows by a little. */
const wireLimit = 2 * limit;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** `application/json`, with no other charset than UTF-8 (RFC 8259 section 8.1). */
const jsonType = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*(?:utf-8|"utf-8")[ \t]*)?;?$/i;
const encodings = new Set(['identity', 'gzip', 'deflate']);

const readRaw = raw({ type: () => true, limit, inflate: true });

/** Reads the body's bytes. What cannot be read as the contract says is 400. */
export const readBody: RequestHandler = (request, response, next) => {
  const encoding = request.headers['content-encoding'];
  if (!jsonType.test(request.headers['content-type'] ?? '') || !encodings.has(encoding?.toLowerCase() ?? 'identity')) {
    return next(new HttpError('invalid_body'));
  }
  let settled = false;
  const settle = (error?: HttpError) => {
    if (!settled) next(error);
    settled = true;
  };
  // The library counts what comes out of decompression: empty blocks could go in for as long as the connection lives.
  let received = 0;
  request.on('data', (bytes: Buffer) => {
    received += bytes.length;
    if (received <= wireLimit || settled) return;
    request.unpipe();
    request.resume(); // What is left is read off, so that the client gets to read the answer.
    settle(new HttpError('body_too_large'));
  });
  readRaw(request, response, (error?: { type?: string }) => {
    if (error === undefined) return settle();
    settle(new HttpError(error.type === 'entity.too.large' ? 'body_too_large' : 'invalid_body'));
  });
};

function parseObject(bytes: unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes as Uint8Array));
  } catch {
    throw new HttpError('invalid_body');
  }
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
  throw new HttpError('invalid_field', problems.map(({ field, rule }) => `${field}: ${rule}`).join('; '));
}
