/**
 * The header by which a guard proves that it speaks for many clients (service contract, "Edges", "Address limit"). Its value is one of the
 * service's GUARD_SECRETS.
 */
export const guardSecretHeader = 'X-Guard-Secret';

/**
 * The header by which a guard that caches answers of `verify` reports how many requests it allowed by them since its last report: they
 * count like requests of their own.
 */
export const cachedAnswersHeader = 'X-Cached-Answers';

/** The most that one report may say. */
export const maximumCachedAnswers = 1_000_000;
