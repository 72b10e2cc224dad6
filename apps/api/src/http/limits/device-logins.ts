import { OutcomeUnknownError } from '@andamio/keys/store';
import { deviceLoginSeconds } from '@andamio/schema/operations';
import { type Counted, counterKey } from '../../counters/counters.ts';
import { HttpError } from '../response/errors.ts';
import {
  addressKey,
  type Counting,
  charge,
  type LimitCode,
  type LimitDependencies,
  limitExceeded,
  refund,
} from './limit.ts';

/** A limit on attempts within a window. */
interface AttemptLimit {
  readonly maximum: number;
  /** Length of a window in seconds. */
  readonly seconds: number;
  readonly code: LimitCode;
}

/**
 * Maximum number of wrong user codes that a user may enter within the lifetime of a code. With 20^8
 * codes, 5 guesses find a given code with a probability of about 2^-32 (RFC 8628 section 5.1).
 */
const guessesOfUser: AttemptLimit = {
  maximum: 5,
  seconds: deviceLoginSeconds,
  code: 'too_many_wrong_codes',
};

/** Maximum number of wrong user codes from a client address, which several users may share. */
const guessesOfAddress: AttemptLimit = { ...guessesOfUser, maximum: 20 };

/**
 * Calls a function that tries a user code, unless the user or the client address has entered too
 * many wrong codes.
 */
export type LimitGuesses = <Result>(
  guesser: { readonly userId: string; readonly address: string },
  guess: () => Promise<Result>,
) => Promise<Result>;

/** Reports whether an error means that the guessed user code was wrong. */
const isWrong = (error: unknown) =>
  error instanceof HttpError && error.code === 'unknown_user_code';

/** An {@link AttemptLimit} with the counters of its subjects: users, or client addresses. */
interface Attempts extends Counting<string> {
  readonly limit: AttemptLimit;
}

function countAttempts(
  name: string,
  limit: AttemptLimit,
  keyOf: Attempts['keyOf'],
  { createCounters, clock }: LimitDependencies,
): Attempts {
  return {
    limit,
    counters: createCounters(name, limit.seconds * 1000),
    keyOf,
    maximumOf: () => limit.maximum,
    now: clock.now,
  };
}

/**
 * Refuses a counted attempt if it exceeds the limit.
 *
 * @throws {@link HttpError} with the code of the limit.
 */
function refuseBeyond({ limit, now }: Attempts, counted: Counted): void {
  if (counted.totalHits > limit.maximum) throw limitExceeded(limit.code, counted, now());
}

/**
 * The limit on started logins per client address. It is separate from the limit on requests,
 * because each start writes to the store without credentials.
 */
const starts: AttemptLimit = { maximum: 10, seconds: 60, code: 'rate_limited' };

/** Calls a function that starts a login, unless the client address has started too many. */
export type LimitStarts = <Result>(
  address: string,
  start: () => Promise<Result>,
) => Promise<Result>;

/**
 * Creates the limit on started logins. The returned function throws {@link HttpError}
 * `rate_limited` if the limit is exceeded. A start is counted before it is tried, so that concurrent
 * starts are limited too. It is refunded if nothing was written.
 */
export function limitStarts(dependencies: LimitDependencies): LimitStarts {
  const addresses = countAttempts('device-starts', starts, addressKey, dependencies);
  return async (address, start) => {
    const counted = await charge(addresses, address);
    refuseBeyond(addresses, counted);
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) await refund(addresses, address, counted);
      throw error;
    }
  };
}

/**
 * Creates the limit on wrong user codes. A guess is counted before it is tried, so that concurrent
 * guesses are limited too. The guess is refunded unless the code was wrong.
 *
 * Beyond the limit of the address, a user without a wrong code can still try one. Otherwise, a few
 * accounts could lock out all users behind an address. Four or more users of one address can
 * together try 16 wrong codes, and one more for each user.
 */
export function limitGuesses(dependencies: LimitDependencies): LimitGuesses {
  const users = countAttempts('guesses-user', guessesOfUser, counterKey, dependencies);
  const addresses = countAttempts('guesses-address', guessesOfAddress, addressKey, dependencies);

  return async ({ userId, address }, guess) => {
    const ofUser = await charge(users, userId);
    refuseBeyond(users, ofUser);
    const ofAddress = await charge(addresses, address);
    try {
      if (ofUser.totalHits > 1) refuseBeyond(addresses, ofAddress);
    } catch (error) {
      await refund(users, userId, ofUser); // The guess is not tried.
      throw error;
    }
    const refundBoth = async () => {
      await refund(users, userId, ofUser);
      await refund(addresses, address, ofAddress);
    };
    try {
      const result = await guess();
      await refundBoth();
      return result;
    } catch (error) {
      if (!isWrong(error)) await refundBoth();
      throw error;
    }
  };
}
