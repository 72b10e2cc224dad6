/** The request header that identifies a request, so that the service recognizes a retry. */
export const idempotencyKeyHeader = 'Idempotency-Key';

/** Maximum length of an `Idempotency-Key` in characters. */
const longest = 128;

/**
 * JSON Schema pattern of a valid `Idempotency-Key`: visible ASCII characters (contract, "Safe
 * retries").
 */
export const idempotencyKeyPattern = `^[\\x21-\\x7e]{1,${longest}}$`;

/**
 * Returns a new `Idempotency-Key`: 128 random bits in hexadecimal digits. `crypto.randomUUID` would
 * be shorter, but pages without HTTPS lack it, such as those of an intranet.
 */
export const newIdempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
