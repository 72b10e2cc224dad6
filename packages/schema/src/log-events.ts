/**
 * Messages of log lines that alerts match. The service writes them and the infrastructure filters by them, so that a line
 * whose words change does not silence its alert.
 */
export const logEvents = {
  /** A readiness check found the key store unavailable. */
  keyStoreUnavailable: 'The key store did not answer a readiness check.',
} as const;
