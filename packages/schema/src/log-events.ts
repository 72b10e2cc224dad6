/**
 * Messages of log lines that alerts match. The service writes them and the infrastructure filters by them, so that a line
 * whose words change does not silence its alert.
 */
export const logEvents = {
  /** A readiness check found the key store unavailable. */
  keyStoreUnavailable: 'The key store did not answer a readiness check.',
  /** Redis stopped being of use for counting; each instance counts alone. The line's error names the cause. */
  redisUnavailable: 'Redis is unavailable; each instance counts rate limits alone until it recovers.',
  /** Redis is of use again. */
  redisRecovered: 'Redis is available again; instances count rate limits together.',
  /** A fetch of published signing keys failed. The line names the setting, its URL and the cause. */
  signingKeysUnavailable: 'Signing keys could not be fetched; the fetched ones stay in use for at most 24 hours.',
} as const;

/** The message that follows a gap in the log (service contract, "Edges"). */
export const droppedLogLines = (count: number) => `dropped ${count} log lines`;
