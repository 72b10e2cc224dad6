import { createApiKey } from '../../src/api-key.ts';
import { type Answer, unavailableAnswer } from '../../src/key-source.ts';
import type { Client } from '../../src/outcome.ts';
import { invalidKey, Refusal } from '../../src/refusal.ts';

/** The client that sends a test's requests. */
export const client: Client = { ip: '192.0.2.1' };

/** A lookup whose answer the test provides. */
interface Lookup {
  readonly key: string;
  readonly cachedAnswers: number;
  answer(answer: Answer): Promise<void>;
}

/** Creates a fake key source that records each lookup. The test supplies the answers. */
export function controlledAsk() {
  const lookups: Lookup[] = [];
  return {
    lookups,
    ask: (key: string, cachedAnswers: number) => {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      const answer = async (given: Answer) => {
        resolve(given);
        await promise;
      };
      lookups.push({ key, cachedAnswers, answer });
      return promise;
    },
    /** Returns the most recent lookup. */
    last(): Lookup {
      const lookup = lookups.at(-1);
      if (lookup === undefined) throw new Error('There was no lookup.');
      return lookup;
    },
  };
}

export interface ValidInput {
  readonly userId?: string;
  readonly maximumAge?: number;
  readonly limit?: number;
  readonly remaining?: number;
  readonly endsAt?: number;
}

/** Returns an answer for a valid key whose rate-limit window outlasts the test. */
export function valid(input: ValidInput = {}): Answer {
  const {
    userId = 'ada',
    maximumAge = 10_000,
    limit = 1_000,
    remaining = limit,
    endsAt = 1e9,
  } = input;
  return {
    kind: 'valid',
    apiKey: createApiKey({ userId, name: 'MyFirstKey', tier: 'growth' }, Date.UTC(2099, 0)),
    limitStatus: { limit, remaining, endsAt },
    maximumAge,
  };
}

export const refused: Answer = { kind: 'refused', refusal: invalidKey };
export const down = unavailableAnswer('The service is down.');
export const limited: Answer = {
  kind: 'limited',
  refusal: new Refusal('quota_exceeded', {}, 'No more today.'),
};
