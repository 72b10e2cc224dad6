/** The request header by which a client lets the service know a request again. */
export const idempotencyKeyHeader = 'Idempotency-Key';

/** The longest `Idempotency-Key`, in characters. */
const longest = 128;

/** The pattern of an `Idempotency-Key` as JSON Schema writes it: visible ASCII characters (service contract, "Beside the contract"). */
export const idempotencyKeyPattern = `^[\\x21-\\x7e]{1,${longest}}$`;
