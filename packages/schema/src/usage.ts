/**
 * The header by which a service that keeps answers of `verify` reports how many requests it let in by them since it asked last: they
 * count like requests of their own.
 */
export const cachedAnswersHeader = 'X-Cached-Answers';

/** The most that one report may say. */
export const maximumCachedAnswers = 1_000_000;
