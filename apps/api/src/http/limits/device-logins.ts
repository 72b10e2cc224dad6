import { deviceLoginSeconds } from '@andamio/schema/operations';
import type { Options } from 'express-rate-limit';
import type { Counters, CreateCounters } from '../../counters/counters.ts';
import { HttpError } from '../response/errors.ts';
import { addressKey, counterKey } from './limit.ts';

/**
 * Maximum number of wrong user codes that a user may enter within the lifetime of a code. With 20^8
 * codes, 5 guesses find a given code with a probability of 2^-32 (RFC 8628 section 5.1).
 */
const guessesOfUser: Limit = {
  maximum: 5,
  seconds: deviceLoginSeconds,
  code: 'too_many_wrong_codes',
};

/** Maximum number of wrong user codes from a client address, which several users may share. */
const guessesOfAddress: Limit = { ...guessesOfUser, maximum: 20 };

/**
 * Calls a function that tries a user code, unless the user or the client address has entered too
 * many wrong codes.
 */
export type LimitGuesses = <Result>(
  guesser: { readonly userId: string; readonly address: string },
  guess: () => Promise<Result>,
) => Promise<Result>;

/** Reports whether an error means that the guessed code was wrong. */
const isWrong = (error: unknown) =>
  error instanceof HttpError && error.code === 'unknown_user_code';

/**
 * Counts an attempt against a limit.
 *
 * @throws {@link HttpError} with the limit's code if the limit is exceeded.
 */
async function consume(counters: Counters, key: string, limit: Limit): Promise<void> {
  const { totalHits, resetTime } = await counters.increment(key);
  if (totalHits <= limit.maximum) return;
  const left = resetTime === undefined ? limit.seconds * 1000 : +resetTime - Date.now();
  throw new HttpError(limit.code, undefined, Math.max(1, Math.ceil(left / 1000)));
}

interface Limit {
  readonly maximum: number;
  /** Length of a window in seconds. */
  readonly seconds: number;
  readonly code: 'rate_limited' | 'too_many_wrong_codes';
}

function createCountersOf(createCounters: CreateCounters, name: string, { seconds }: Limit) {
  const counters = createCounters(name);
  counters.init?.({ windowMs: seconds * 1000 } as Options);
  return counters;
}

/**
 * The limit on started logins per client address. It is separate from the limit on requests,
 * because each start writes to the store without credentials.
 */
const starts: Limit = { maximum: 10, seconds: 60, code: 'rate_limited' };

/** Counts the start of a login by a client address. */
export type LimitStarts = (address: string) => Promise<void>;

/**
 * Creates the limit on started logins. The returned function throws {@link HttpError}
 * `rate_limited` if the limit is exceeded.
 */
export function limitStarts(createCounters: CreateCounters): LimitStarts {
  const counters = createCountersOf(createCounters, 'device-starts', starts);
  return (address) => consume(counters, addressKey(address), starts);
}

/**
 * Creates the limit on wrong user codes. A guess is counted before it is tried, so that concurrent
 * guesses are limited too. The guess is refunded unless the code was wrong.
 */
export function limitGuesses(createCounters: CreateCounters): LimitGuesses {
  const users = createCountersOf(createCounters, 'guesses-user', guessesOfUser);
  const addresses = createCountersOf(createCounters, 'guesses-address', guessesOfAddress);

  return async ({ userId, address }, guess) => {
    const [userKey, from] = [counterKey(userId), addressKey(address)];
    const refund = async () => {
      await users.decrement(userKey);
      await addresses.decrement(from);
    };
    await consume(users, userKey, guessesOfUser);
    try {
      await consume(addresses, from, guessesOfAddress);
    } catch (error) {
      await users.decrement(userKey); // The refused guess is not tried.
      throw error;
    }
    try {
      const result = await guess();
      await refund();
      return result;
    } catch (error) {
      if (!isWrong(error)) await refund();
      throw error;
    }
  };
}
