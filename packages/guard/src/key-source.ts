import type { ApiKey } from './api-key.ts';
import type { LimitStatus } from './limits/owner-window.ts';
import { type Refusal, unavailable } from './refusal.ts';

/** The answer for a valid key. */
export interface ValidAnswer {
  readonly kind: 'valid';
  readonly apiKey: ApiKey;
  /** Milliseconds, from the start of the look-up, for which the answer may be cached. */
  readonly maximumAge: number;
  /** The state of the owner's limit per minute, if the source knows it. */
  readonly limitStatus?: LimitStatus | undefined;
}

/**
 * The answer of a source about a key. Only `valid` and `refused` are about the key; with the
 * others, it was not verified.
 */
export type Answer =
  | ValidAnswer
  | { readonly kind: 'refused' | 'limited'; readonly refusal: Refusal }
  | { readonly kind: 'unavailable'; readonly refusal: Refusal; readonly reason: string };

/** Creates the answer of a source that could not verify a key. The reason is for the log. */
export const unavailableAnswer = (reason: string): Answer => ({ kind: 'unavailable', refusal: unavailable, reason });

/** A source of information about keys. */
export interface KeySource {
  /** Whether a look-up counts as a request toward the owner's limits and quotas. */
  readonly countsRequests: boolean;
  /**
   * Looks up a key whose format and checksum are valid. Never rejects.
   *
   * @param cachedAnswers number of requests answered from the cache since the last report. Only for
   * a source that counts requests.
   */
  ask(key: string, cachedAnswers: number): Promise<Answer>;
}
