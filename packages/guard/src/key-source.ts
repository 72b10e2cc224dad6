import type { ApiKey } from './api-key.ts';
import type { LimitStatus } from './limits/owner-window.ts';
import { type Refusal, unavailable } from './refusal.ts';

/** A source's answer for a valid key. */
export interface ValidAnswer {
  readonly kind: 'valid';
  readonly apiKey: ApiKey;
  /** Milliseconds for which the answer may be cached, counted from the start of the lookup. */
  readonly maximumAge: number;
  /** The state of the owner's per-minute rate limit, if the source knows it. */
  readonly limitStatus?: LimitStatus | undefined;
}

/**
 * A source's answer to a lookup. Only `valid` and `refused` concern the key. `limited` and
 * `unavailable` mean that the key was not verified.
 */
export type Answer =
  | ValidAnswer
  | { readonly kind: 'refused' | 'limited'; readonly refusal: Refusal }
  | { readonly kind: 'unavailable'; readonly refusal: Refusal; readonly reason: string };

/** Creates an answer for a key that could not be verified. The reason is only for the log. */
export const unavailableAnswer = (reason: string): Answer => ({
  kind: 'unavailable',
  refusal: unavailable,
  reason,
});

/** A place in which keys are looked up: the service or its database. */
export interface KeySource {
  /** `true` if each lookup counts toward the owner's limits and quotas. */
  readonly countsRequests: boolean;
  /**
   * Looks up a key whose format and checksum are valid. The returned promise never rejects.
   *
   * @param cachedAnswers number of requests for the key answered from the cache since the last
   * report. Used only by a source that counts requests.
   */
  ask(key: string, cachedAnswers: number): Promise<Answer>;
}
