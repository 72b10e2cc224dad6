import { createHash } from 'node:crypto';
import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentReference, DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import * as z from 'zod';
import { monthOf, usageRemovalOf } from '../../keys/usage/calendar.ts';
import { type AddUsageCommand, maximumNamesPerDay } from '../../keys/usage/store.ts';
import { nameOf, parseDocument } from './documents.ts';

/** How many additions a day remembers, so that one whose answer was lost is known again. */
const rememberedAttempts = 100;

const dayDocument = z.object({
  total: z.number(),
  /** By {@link nameField}; maybe less than the total. */
  requests: z.record(z.string(), z.number()),
  attempts: z.array(z.string()),
});

const monthDocument = z.object({ total: z.number() });

export type DayDocument = z.output<typeof dayDocument>;
export type MonthDocument = z.output<typeof monthDocument>;

export const parseDay = (snapshot: DocumentSnapshot) => parseDocument(dayDocument, snapshot);
export const parseMonth = (snapshot: DocumentSnapshot) => parseDocument(monthDocument, snapshot);

export function usageDocumentOf(firestore: Firestore, userId: string, dayOrMonth: string): DocumentReference {
  return firestore.collection(collections.usage.id).doc(nameOf(userId, dayOrMonth));
}

/**
 * The field of a key's name, of one length whatever the name. Never one that Firestore keeps for
 * itself, `__` at both ends: the last character stands for two bits and is one of A, Q, g and w.
 */
export function nameField(name: string): string {
  return createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');
}

function addedByName(requests: Readonly<Record<string, number>>, counts: AddUsageCommand['counts']) {
  const added = new Map(Object.entries(requests));
  for (const [name, count] of counts) {
    const field = nameField(name);
    if (added.has(field) || added.size < maximumNamesPerDay) added.set(field, (added.get(field) ?? 0) + count);
  }
  return Object.fromEntries(added);
}

/** What the documents of a day and of its month say after an addition. */
export function afterAddition(
  { day, month }: { readonly day: DayDocument | undefined; readonly month: MonthDocument | undefined },
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
    month: { user_id: userId, month: monthOf(command.day), total: (month?.total ?? 0) + count, ...removal },
  };
}
