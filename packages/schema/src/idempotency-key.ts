/** The request header that identifies a request, so that the service can recognize a retry. */
export const idempotencyKeyHeader = 'Idempotency-Key';

/** Largest length of an `Idempotency-Key` in characters. */
const longest = 128;

/**
 * The pattern of an `Idempotency-Key` for JSON Schema: visible ASCII characters (service contract,
 * "Beside the contract").
 */
export const idempotencyKeyPattern = `^[\\x21-\\x7e]{1,${longest}}$`;
