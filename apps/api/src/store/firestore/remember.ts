import type { WriteBatch } from '@google-cloud/firestore';
import { isGone } from '../../keys/expiry.ts';
import { type Attempt, memoryOf, type Repetition, type RepetitionRefusal, recalled } from '../../keys/idempotency.ts';
import { type Database, put, type View } from './database.ts';
import { memoryDocumentOf, memoryFields } from './memory.ts';

/** What an earlier request of the same `Idempotency-Key` was answered; undefined for a request that is new. */
export function recall(
  { memory, name }: View,
  attempt: Attempt | undefined,
  now: number,
): Repetition | RepetitionRefusal | undefined {
  const held = name !== undefined && !isGone({ removeAt: name.content.remove_at }, now) ? name.content : undefined;
  return recalled(memory?.content, attempt, held?.serial, now);
}

/** Adds to the batch what is remembered of a request that its client may repeat. */
export function remember(
  { firestore, timestamp }: Database,
  batch: WriteBatch,
  { memory: found }: View,
  attempt: Attempt | undefined,
  now: number,
  answer: Parameters<typeof memoryOf>[2],
): void {
  if (attempt === undefined) return;
  const fields = memoryFields(attempt.userId, memoryOf(attempt, now, answer), timestamp);
  put(batch, memoryDocumentOf(firestore, attempt), fields, found);
}
