import { createApiKey } from '../../src/api-key.ts';
import type { Client } from '../../src/outcome.ts';
import { invalidKey, Refusal } from '../../src/refusal.ts';
import { type Answer, notAnswered } from '../../src/source.ts';

/** Who sends the requests of a test. */
export const client: Client = { ip: '192.0.2.1' };

/** A question of which the test says what is answered. */
interface Question {
  readonly key: string;
  readonly cachedAnswers: number;
  answer(answer: Answer): Promise<void>;
}

/** A service whose answers the test gives. */
export function controlledAsk() {
  const questions: Question[] = [];
  return {
    /** All questions so far. */
    questions,
    ask: (key: string, cachedAnswers: number) => {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      const answer = async (given: Answer) => {
        resolve(given);
        await promise;
      };
      questions.push({ key, cachedAnswers, answer });
      return promise;
    },
    /** The question that was asked last. */
    last(): Question {
      const question = questions.at(-1);
      if (question === undefined) throw new Error('Nothing was asked.');
      return question;
    },
  };
}

export interface GoodWish {
  readonly userId?: string;
  readonly maximumAge?: number;
  readonly limit?: number;
  readonly remaining?: number;
  readonly endsAt?: number;
}

/** A good answer, of a minute that ends later than any clock of the tests goes. */
export function good(wish: GoodWish = {}): Answer {
  const { userId = 'ada', maximumAge = 10_000, limit = 1_000, remaining = limit, endsAt = 1e9 } = wish;
  return {
    kind: 'good',
    apiKey: createApiKey({ userId, name: 'MyFirstKey', tier: 'growth' }, Date.UTC(2099, 0)),
    allowance: { limit, remaining, endsAt },
    maximumAge,
  };
}

export const refused: Answer = { kind: 'refused', refusal: invalidKey };
export const down = notAnswered('The service is down.');
export const limited: Answer = { kind: 'limited', refusal: new Refusal('quota_exceeded', {}, 'No more today.') };
