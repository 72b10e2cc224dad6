/** The request header by which the service recognizes a retried request. */
export const idempotencyKeyHeader = 'Idempotency-Key';

/** Maximum length of an `Idempotency-Key` in characters. */
const longest = 128;

/**
 * Pattern of a valid `Idempotency-Key`, for JSON Schema. Allows visible ASCII characters (service
 * contract, section "Beside the contract").
 */
export const idempotencyKeyPattern = `^[\\x21-\\x7e]{1,${longest}}$`;
