import type { ApiKey } from './api-key.ts';
import type { Allowance } from './limits/minute.ts';
import { type Refusal, unavailable } from './refusal.ts';

/** What a source says of a good key. */
export interface GoodAnswer {
  readonly kind: 'good';
  readonly apiKey: ApiKey;
  /** For how many milliseconds from the start of the question it may be relied on. */
  readonly maximumAge: number;
  /** What is left of the owner's minute, where the source knows. */
  readonly allowance?: Allowance | undefined;
}

/** What a source says of a key. Only `refused` is about the key; the others say that it was not judged. */
export type Answer =
  | GoodAnswer
  | { readonly kind: 'refused' | 'limited'; readonly refusal: Refusal }
  | { readonly kind: 'unavailable'; readonly refusal: Refusal; readonly reason: string };

/** Nothing was found out. The reason is for a log. */
export const notAnswered = (reason: string): Answer => ({ kind: 'unavailable', refusal: unavailable, reason });

/** Whom to ask about keys. */
export interface Source {
  /** Whether it counts the request that asks, toward the owner's limits and quotas. */
  readonly counts: boolean;
  /**
   * Asks about a key whose form and checksum are right. Never rejects.
   *
   * @param cachedAnswers how many requests were answered without asking since it was told last; only where it counts.
   */
  ask(key: string, cachedAnswers: number): Promise<Answer>;
}
