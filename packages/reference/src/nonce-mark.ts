/**
 * Placeholder for the CSP nonce in the built page. The service replaces it with a new nonce in each
 * response.
 */
export const nonceMark = '{{nonce}}';
