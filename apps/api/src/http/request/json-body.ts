import { type RequestHandler, raw } from 'express';
import { HttpError } from '../response/errors.ts';

/** How the body of a request may arrive. */
export interface JsonBodyRules {
  /** The most bytes, after decompression. */
  readonly limit: number;
  /** The codings that it may have, in lower case. */
  readonly encodings: ReadonlySet<string>;
  /** What is said of a body that cannot be read, and of one that is too large; the texts of the codes when left out. */
  readonly details?: Readonly<Record<'invalid_body' | 'body_too_large', string>>;
}

/** `application/json`. It has no parameters (RFC 8259 section 11), so those that clients add play no part: the bytes must be UTF-8. */
const jsonType = /^application\/json[ \t]*(?:;|$)/i;

/** Content codings that are other names for one that the library knows (RFC 9110 section 8.4.1.3). */
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip' };

/** Makes the step that reads the body's bytes. What cannot be read as the rules say is 400. */
export function readJsonBody({ limit, encodings, details }: JsonBodyRules): RequestHandler {
  const wireLimit = 2 * limit; // What does not compress grows by a little.
  const readRaw = raw({ type: () => true, limit, inflate: true });
  const refusal = (code: 'invalid_body' | 'body_too_large') => new HttpError(code, details?.[code]);

  return (request, response, next) => {
    const sent = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
    const encoding = aliases[sent] ?? sent;
    if (!jsonType.test(request.headers['content-type'] ?? '') || !encodings.has(encoding)) {
      return next(refusal('invalid_body'));
    }
    request.headers['content-encoding'] = encoding;
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
      settle(refusal('body_too_large'));
    });
    readRaw(request, response, (error?: { type?: string }) => {
      if (error === undefined) return settle();
      settle(refusal(error.type === 'entity.too.large' ? 'body_too_large' : 'invalid_body'));
    });
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The value that bytes are in JSON and UTF-8; undefined if they are not. */
export function parseJson(bytes: unknown): unknown {
  try {
    return JSON.parse(decoder.decode(bytes as Uint8Array));
  } catch {
    return undefined;
  }
}
