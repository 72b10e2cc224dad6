/**
 * Log messages that trigger alerts. The service and the infrastructure share these constants, so
 * that rewording a message does not break its alert.
 */
export const logEvents = {
  /** Logged when a readiness check finds the key store unavailable. */
  keyStoreUnavailable: 'The key store did not answer a readiness check.',
  /**
   * Logged when Redis becomes unavailable for rate limits. The error in the log entry states the
   * cause.
   */
  redisUnavailable:
    'Redis is unavailable; each instance counts rate limits alone until it recovers.',
  /** Logged when Redis becomes available again. */
  redisRecovered: 'Redis is available again; instances count rate limits together.',
  /**
   * Logged when the published signing keys cannot be fetched. The log entry states the setting, its
   * URL and the cause.
   */
  signingKeysUnavailable:
    'Signing keys could not be fetched; the fetched ones stay in use for at most 24 hours.',
} as const;

/** Returns the message that replaces dropped log lines (service contract, section "Edges"). */
export const droppedLogLines = (count: number) => `dropped ${count} log lines`;
