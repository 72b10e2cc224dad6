/**
 * Placeholder for the CSP nonce in the built page. The service replaces the placeholder with a new
 * nonce for each response.
 */
export const nonceMark = '{{nonce}}';
