import { createHash } from 'node:crypto';
import { monthOf, usageRemovalOf } from '@andamio/keys/usage/calendar';
import { type AddUsageCommand, maximumNamesPerDay } from '@andamio/keys/usage/store';
import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentReference, DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import * as z from 'zod';
import { nameOf, parseDocument } from './documents.ts';

/**
 * Number of recent additions that a day's document lists, to recognize an addition whose response
 * was lost.
 */
const rememberedAttempts = 100;

const dayDocument = z.object({
  total: z.number(),
  /**
   * Requests by {@link nameField}. Their sum is less than the total if there are too many names.
   */
  requests: z.record(z.string(), z.number()),
  attempts: z.array(z.string()),
});

const monthDocument = z.object({ total: z.number() });

export type DayDocument = z.output<typeof dayDocument>;
export type MonthDocument = z.output<typeof monthDocument>;

export const parseDay = (snapshot: DocumentSnapshot) => parseDocument(dayDocument, snapshot);
export const parseMonth = (snapshot: DocumentSnapshot) => parseDocument(monthDocument, snapshot);

export function usageDocumentOf(
  firestore: Firestore,
  userId: string,
  dayOrMonth: string,
): DocumentReference {
  return firestore.collection(collections.usage.id).doc(nameOf(userId, dayOrMonth));
}

/**
 * Returns the field for a key's name, a hash of fixed length. Firestore reserves fields that begin
 * and end with `__`. The hash is never such a field: its last character encodes two bits, so it is
 * A, Q, g or w.
 */
export function nameField(name: string): string {
  return createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');
}

function addedByName(
  requests: Readonly<Record<string, number>>,
  counts: AddUsageCommand['counts'],
) {
  const added = new Map(Object.entries(requests));
  for (const [name, count] of counts) {
    const field = nameField(name);
    if (added.has(field) || added.size < maximumNamesPerDay)
      added.set(field, (added.get(field) ?? 0) + count);
  }
  return Object.fromEntries(added);
}

/** Returns the content of the documents of a day and its month after an addition. */
export function afterAddition(
  {
    day,
    month,
  }: { readonly day: DayDocument | undefined; readonly month: MonthDocument | undefined },
  command: AddUsageCommand,
) {
  const { userId, counts, attempt } = command;
  const count = [...counts.values()].reduce((sum, requests) => sum + requests, 0);
  const removal = { remove_at: usageRemovalOf(command.day) };
  return {
    day: {
      user_id: userId,
      day: command.day,
      total: (day?.total ?? 0) + count,
      requests: addedByName(day?.requests ?? {}, counts),
      attempts: [attempt, ...(day?.attempts ?? [])].slice(0, rememberedAttempts),
      ...removal,
    },
    month: {
      user_id: userId,
      month: monthOf(command.day),
      total: (month?.total ?? 0) + count,
      ...removal,
    },
  };
}
