/**
 * Log messages that alerts match. The service and the infrastructure share these constants, so that
 * a changed wording does not silence an alert.
 */
export const logEvents = {
  /** A readiness check found the key store unavailable. */
  keyStoreUnavailable: 'The key store did not answer a readiness check.',
  /** Redis cannot be used for rate limits. The log line's error names the cause. */
  redisUnavailable: 'Redis is unavailable; each instance counts rate limits alone until it recovers.',
  /** Redis can be used again. */
  redisRecovered: 'Redis is available again; instances count rate limits together.',
  /**
   * Fetching the published signing keys failed. The log line names the setting, its URL and the
   * cause.
   */
  signingKeysUnavailable: 'Signing keys could not be fetched; the fetched ones stay in use for at most 24 hours.',
} as const;

/** Returns the message that reports a gap in the log (service contract, "Edges"). */
export const droppedLogLines = (count: number) => `dropped ${count} log lines`;
