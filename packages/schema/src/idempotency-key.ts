/** The request header that identifies a request, so that the service recognizes a retry. */
export const idempotencyKeyHeader = 'Idempotency-Key';

/** Maximum length of an `Idempotency-Key` in characters. */
const longest = 128;

/**
 * JSON Schema pattern of a valid `Idempotency-Key`: visible ASCII characters (contract, "Safe
 * retries").
 */
export const idempotencyKeyPattern = `^[\\x21-\\x7e]{1,${longest}}$`;
