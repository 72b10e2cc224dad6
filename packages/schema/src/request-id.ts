/** The header that carries the request id in both directions. */
export const requestIdHeader = 'X-Request-Id';

/**
 * JSON Schema pattern of the request ids that the service accepts. It replaces others (contract,
 * "Requests").
 */
export const requestIdPattern = '^[A-Za-z0-9._-]{1,64}$';
