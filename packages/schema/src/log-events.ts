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
} as const;

/** The message that follows a gap in the log (service contract, "Edges"). */
export const droppedLogLines = (count: number) => `dropped ${count} log lines`;
