import { ApiError } from '@andamio/client';
import type { Texts } from '../texts.ts';
import { OutcomeUnknown, SignedOut, TokenUnavailable } from './service.ts';

/** An error, described by what the user can do about it. */
export interface Problem {
  readonly text: string;
  /** The form field that must be changed. */
  readonly field?: 'name' | 'days';
  /** The time until which retries are refused, in Unix milliseconds. */
  readonly retryAt?: number;
  /** The request id, with which an operator can find the request in the logs. */
  readonly requestId?: string | undefined;
  /** Set if the problem concerns the whole element, not only one dialog. */
  readonly kind?: 'signed-out' | 'token-unavailable' | 'read-only';
  /**
   * True if the answer settles whether the change was made, also by an earlier attempt. The service
   * has compared the request with earlier attempts and the user's keys (contract, "Safe retries").
   */
  readonly isFinal?: boolean;
  /** True if the change may have been made although no answer says so. */
  readonly isInDoubt?: boolean;
}

const final = (text: string, field?: 'name' | 'days'): Problem => ({
  text,
  isFinal: true,
  ...(field && { field }),
});

function problemOfApi(error: ApiError, { errors, atMaximum }: Texts): Problem {
  switch (error.code) {
    case 'network':
    case 'timeout':
      return { text: errors.network };
    case 'insufficient_scope':
      return { text: errors.forbidden, kind: 'read-only' };
    case 'unknown_tier':
      return { text: errors.forbidden };
    case 'suspended':
      return { text: errors.suspended };
    case 'name_taken':
      return final(errors.nameTaken, 'name');
    case 'expiry_too_late':
      return final(errors.tooManyDays, 'days');
    case 'missing_field':
    case 'invalid_field':
      // The forms send only whole numbers of days from 1 on, so the name is at fault.
      return final(errors.invalidName, 'name');
    case 'key_limit_reached':
      return final(`${atMaximum} ${errors.maximumReached}`);
    case 'rate_limited':
    case 'quota_exceeded':
      return {
        text: errors.rateLimited,
        // The element waits at least a second, so that Retry-After: 0 does not make it read in a
        // tight loop.
        retryAt: Date.now() + Math.max(1, Math.ceil(error.retryAfter ?? 1)) * 1000,
      };
    case 'no_such_key':
      return final(errors.noSuchKey);
    case 'key_expired':
      return final(errors.keyExpired);
    case 'not_yet_rotatable':
      return final(errors.notYetExtendable);
    case 'idempotency_key_reused':
    case 'idempotency_key_outdated':
      return final(errors.outdated);
    case 'unexpected_answer':
      return { text: error.status >= 500 ? errors.service : errors.unexpected };
    default:
      return { text: errors.service, requestId: error.requestId };
  }
}

/** Returns the problem that describes an error. */
export function problemOf(error: unknown, texts: Texts): Problem {
  if (error instanceof SignedOut) return { text: texts.errors.signedOut, kind: 'signed-out' };
  if (error instanceof TokenUnavailable)
    return { text: texts.errors.tokenUnavailable, kind: 'token-unavailable' };
  if (error instanceof OutcomeUnknown)
    return {
      text: texts.errors.unknownOutcome,
      requestId: error.cause.requestId,
      isInDoubt: true,
    };
  if (error instanceof ApiError) return problemOfApi(error as ApiError, texts);
  // The client refuses a token that cannot be sent in a header.
  return { text: texts.errors.signedOut, kind: 'signed-out' };
}
