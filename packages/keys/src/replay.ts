import {
  type IdempotentRequest,
  idempotencyRecordOf,
  type RecordedAnswer,
  type Replay,
  type ReplayRefusal,
  replayOf,
} from './idempotency.ts';
import type { Change, View } from './model.ts';

/** Decides whether a request is replayed. Returns undefined for a new request. */
export function decideReplay(
  view: View,
  command: {
    readonly name: string;
    readonly now: number;
    readonly request?: IdempotentRequest | undefined;
  },
): Replay | ReplayRefusal | undefined {
  const { name, now, request } = command;
  // A key is always stored for longer than its idempotency record, so its retention need not be
  // checked.
  return request && replayOf(view.idempotencyRecord, request, view.at(name).named, now);
}

/**
 * Returns the change that saves a request's idempotency record. Returns no change if the request
 * has no `Idempotency-Key`.
 */
export function savedAnswer(
  request: IdempotentRequest | undefined,
  now: number,
  answer: RecordedAnswer,
): readonly Change[] {
  if (request === undefined) return [];
  const record = idempotencyRecordOf(request, now, answer);
  return [{ type: 'save_idempotency_record', request, record }];
}
