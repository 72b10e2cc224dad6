import type { IncomingMessage, ServerResponse } from 'node:http';
import { raw } from 'express';
import { HttpError } from '../response/errors.ts';

export interface JsonBodyRules {
  /** Maximum size in bytes, after decompression. */
  readonly limit: number;
  /** The accepted content codings, in lower case. */
  readonly encodings: ReadonlySet<string>;
  /**
   * The `details` of the errors `invalid_body` and `body_too_large`. By default, the text of the
   * error code.
   */
  readonly details?: Readonly<Record<'invalid_body' | 'body_too_large', string>>;
}

/**
 * Reads a request body. Resolves to undefined if the request has none.
 *
 * @throws {@link HttpError} `invalid_body`, `body_too_large`.
 */
export type ReadBody = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<Uint8Array | undefined>;

/**
 * Matches the media type `application/json`. It has no parameters (RFC 8259 section 11), so a
 * `charset` that clients add is ignored: the body must be UTF-8.
 */
const jsonType = /^application\/json[ \t]*(?:;|$)/i;

/**
 * Maps aliases of content codings (RFC 9110 section 8.4.1.3) to the names that the library accepts.
 */
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip' };

/**
 * Creates a function that reads the body of a request, and refuses a body that breaks the rules. It
 * does not parse the JSON.
 */
export function readJsonBody({ limit, encodings, details }: JsonBodyRules): ReadBody {
  const wireLimit = 2 * limit; // Incompressible data grows a little when it is compressed.
  const readRaw = raw({ type: () => true, limit, inflate: true });
  const refusal = (code: 'invalid_body' | 'body_too_large') => new HttpError(code, details?.[code]);

  return async (request, response) => {
    const sent = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
    const encoding = aliases[sent] ?? sent;
    if (!jsonType.test(request.headers['content-type'] ?? '') || !encodings.has(encoding)) {
      throw refusal('invalid_body');
    }
    request.headers['content-encoding'] = encoding;
    await new Promise<void>((resolve, reject) => {
      // The library limits only the size after decompression, but empty compressed blocks could
      // arrive without end.
      let received = 0;
      request.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received <= wireLimit) return;
        request.unpipe();
        request.resume(); // The rest is discarded, so that the client can read the response.
        reject(refusal('body_too_large'));
      });
      readRaw(request, response, (error?: { type?: string }) => {
        if (error === undefined) resolve();
        else reject(refusal(error.type === 'entity.too.large' ? 'body_too_large' : 'invalid_body'));
      });
    });
    return (request as IncomingMessage & { readonly body?: Uint8Array }).body;
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses bytes as JSON in UTF-8. Returns undefined if they are not valid. */
export function parseJson(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}
