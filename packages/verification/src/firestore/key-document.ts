import { tierSchema } from '@andamio/schema/tiers';
import type { DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import * as z from 'zod';
import type { KeyId } from '../digest.ts';
import type { VerifiableKey } from '../verifiable-key.ts';
import type { ReadKey } from './key-reader.ts';

/** Parses a Firestore timestamp into whole Unix seconds. */
export const time = z
  .custom<Timestamp>((value) => typeof (value as Timestamp | undefined)?.seconds === 'number')
  .transform(({ seconds }) => seconds);

/** The fields of a key document that verification needs. */
export const checkedFields = {
  user_id: z.string(),
  name: z.string(),
  created_at: time,
  expires_at: time,
  /** Copies of the owner's tier and suspension, so that verification reads only one document. */
  tier: tierSchema,
  suspended: z.boolean(),
} as const;

/**
 * The error for a stored document that does not match its schema. The message names the document
 * and the invalid fields.
 */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/**
 * Validates the content of a document against a schema.
 *
 * @throws {@link DocumentError} if the content does not match the schema.
 */
export function parseContent<Schema extends z.ZodType>(
  schema: Schema,
  snapshot: DocumentSnapshot,
): z.output<Schema> {
  const parsed = schema.safeParse(snapshot.data());
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path[0]).join(', ');
  throw new DocumentError(
    `The stored document ${snapshot.ref.path} does not match its schema. Invalid fields: ${fields}.`,
  );
}

const checkedKey = z.object(checkedFields);

/** Finds the key that is stored under one of the given ids. Reads all ids in one call. */
export async function findKey(
  readKey: ReadKey,
  ids: readonly string[],
): Promise<VerifiableKey | undefined> {
  const snapshots = await readKey(ids);
  const found = snapshots.find(({ exists }) => exists);
  if (found === undefined) return undefined;
  const {
    user_id: userId,
    name,
    created_at,
    expires_at,
    tier,
    suspended,
  } = parseContent(checkedKey, found);
  return {
    record: { id: found.id as KeyId, userId, name, createdAt: created_at, expiresAt: expires_at },
    tier,
    suspended,
  };
}
