/** The header that contains the request id, in requests and in responses. */
export const requestIdHeader = 'X-Request-Id';

/**
 * JSON Schema pattern of the request ids that the service accepts. The service replaces an id that
 * does not match or that contains an API key (contract, "Requests").
 */
export const requestIdPattern = '^[A-Za-z0-9._-]{1,64}$';
