import { tierSchema } from '@andamio/schema/tiers';
import type { DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import * as z from 'zod';
import type { FoundKey } from '../found-key.ts';
import type { ReadKey } from './key-reader.ts';

/** A timestamp of Firestore's, read as whole Unix seconds. */
export const time = z
  .custom<Timestamp>((value) => typeof (value as Timestamp | undefined)?.seconds === 'number')
  .transform(({ seconds }) => seconds);

/** What a key is checked by, of the fields of its document. */
export const checkedFields = {
  user_id: z.string(),
  name: z.string(),
  created_at: time,
  expires_at: time,
  /** The owner's once more, these two: a key is checked by one read. */
  tier: tierSchema,
  suspended: z.boolean(),
} as const;

/** A stored document that does not fit its schema. The message names the document and its wrong fields. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/** Parses what was read. @throws {@link DocumentError} */
export function parseContent<Schema extends z.ZodType>(schema: Schema, snapshot: DocumentSnapshot): z.output<Schema> {
  const parsed = schema.safeParse(snapshot.data());
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path[0]).join(', ');
  throw new DocumentError(`The stored document ${snapshot.ref.path} does not fit its schema in: ${fields}.`);
}

const checkedKey = z.object(checkedFields);

/** Finds a key by any of the ids that it may have, with one call at the most. */
export async function findKey(readKey: ReadKey, ids: readonly string[]): Promise<FoundKey | undefined> {
  const snapshots = await Promise.all(ids.map(readKey));
  const found = snapshots.find(({ exists }) => exists);
  if (found === undefined) return undefined;
  const { user_id: userId, name, created_at, expires_at, tier, suspended } = parseContent(checkedKey, found);
  return {
    record: { id: found.id, userId, name, createdAt: created_at, expiresAt: expires_at },
    tier,
    suspended,
  };
}
