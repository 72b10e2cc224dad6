/** A log line of the service that an alert, a test or a document relies on. */
export interface LogEvent {
  /** The stable value of the `event` field, by which alerts find the log line. */
  readonly event: string;
  /**
   * The human-readable text of the log line. People search for it; alerts match `event` instead.
   */
  readonly message: string;
}

/**
 * The events in the service's log. The service, the infrastructure and the tests share this list.
 */
export const logEvents = {
  /** Logged once the service accepts connections. The log entry contains the port. */
  listening: { event: 'listening', message: 'listening' },
  /** Logged when the service receives SIGTERM or SIGINT. */
  shuttingDown: { event: 'shutting_down', message: 'shutting down' },
  /** Logged when a readiness check finds the key store unavailable. */
  keyStoreUnavailable: {
    event: 'key_store_unavailable',
    message: 'The key store did not answer a readiness check.',
  },
  /**
   * Logged when Redis becomes unavailable and instances begin to count rate limits alone. The error
   * in the log entry states the cause.
   */
  redisUnavailable: {
    event: 'redis_unavailable',
    message: 'Redis is unavailable; each instance counts rate limits alone until it recovers.',
  },
  /** Logged when Redis becomes available again. */
  redisRecovered: {
    event: 'redis_recovered',
    message: 'Redis is available again; instances count rate limits together.',
  },
  /**
   * Logged when Redis returns an error for a single command, for example because a script reads a
   * value of the wrong type. Each cause is logged at most once per hour. The error in the log entry
   * states the cause.
   */
  redisCommandRefused: {
    event: 'redis_command_refused',
    message: 'Redis refused a command; the request that it should have counted counts in memory.',
  },
  /**
   * Logged when published signing keys cannot be fetched. The log entry contains the name of the
   * setting that configures their URL, the URL itself and the cause.
   */
  signingKeysUnavailable: {
    event: 'signing_keys_unavailable',
    message:
      'Signing keys could not be fetched; the fetched ones stay in use for at most 24 hours.',
  },
  /**
   * Logged when the service cannot read the issuer's OpenID configuration, which the console needs
   * for sign-in. The log entry contains the URL and the cause.
   */
  signInUnavailable: {
    event: 'sign_in_unavailable',
    message:
      'The OpenID configuration could not be read; users of the console cannot sign in until it can.',
  },
  /** Logged once per outage when usage cannot be stored or read. */
  usageUnavailable: {
    event: 'usage_unavailable',
    message: 'Usage cannot be stored or read; it is kept until the store recovers.',
  },
  /**
   * Logged at most once an hour for each owner when the owner's usage cannot be stored or read
   * although the store responds. The error in the log entry contains the cause and the SHA-256 hash
   * of the user id.
   */
  usageOfOwnerFailed: {
    event: 'usage_of_owner_failed',
    message: 'The usage of an owner cannot be stored or read; it is kept and tried again.',
  },
  /**
   * Logged when requests are not counted, or when it cannot be known whether they were counted. The
   * error in the log entry states which.
   */
  usageLost: {
    event: 'usage_lost',
    message: 'Requests may be missing from usage and quotas.',
  },
  /**
   * Logged when usage in Redis cannot be read. The error in the log entry contains the name of the
   * Redis key.
   */
  usageUnreadable: {
    event: 'usage_unreadable',
    message:
      'Usage in Redis cannot be read. It is not stored; it stays in Redis for 7 days under its name with the suffix :unreadable and the time.',
  },
  /** Logged once per outage when keys cannot be rehashed under the newest pepper. */
  rehashFailed: {
    event: 'rehash_failed',
    message: 'a key could not be rehashed',
  },
  /**
   * Logged when the embedded store cannot delete the records whose retention has passed. The error
   * in the log entry states the cause.
   */
  sweepFailed: {
    event: 'sweep_failed',
    message:
      'Records whose retention has passed could not be deleted; the next attempt follows in an hour.',
  },
  /**
   * Logged when keys are revoked because GitHub or another party reported them as leaked. The log
   * entry contains the number of revoked keys.
   */
  leakedKeysRevoked: {
    event: 'leaked_keys_revoked',
    message: 'leaked keys were reported; they are revoked',
  },
  /**
   * Logged when some of GitHub's alerts do not contain the leaked key in their `token` field. The
   * log entry contains the number of these alerts.
   */
  unreadableAlerts: {
    event: 'unreadable_alerts',
    message: 'GitHub sent alerts without a token; the others are processed',
  },
  /**
   * Logged at the end of a minute in which some refused requests were counted but not logged. The
   * log entry contains the number of these requests.
   */
  refusalsSampled: {
    event: 'refusals_sampled',
    message: 'Further refusals of the same kind, counted instead of logged.',
  },
  /**
   * Logged for a process warning of Node or of a library, such as a deprecation. The log entry
   * contains the name of the warning, such as `DeprecationWarning`, and the warning itself.
   */
  processWarning: {
    event: 'process_warning',
    message: 'Node or a library emitted a process warning.',
  },
} as const satisfies Record<string, LogEvent>;

/** Returns the event that is logged in place of dropped log lines (contract, "Failures"). */
export const logLinesDropped = (count: number): LogEvent => ({
  event: 'log_lines_dropped',
  message: `dropped ${count} log lines`,
});

/** The messages of the log lines for requests, by the outcome of the request. */
export const requestMessages = {
  answered: 'request',
  /** Logged for a response with a 5xx status. The log entry contains the cause. */
  failed: 'request failed',
  /** Logged when the connection was closed before the response was complete. */
  abandoned: 'request abandoned',
} as const;
