import { createHash } from 'node:crypto';
import { type AuditEntry, auditDeleteAfter } from '@andamio/keys/audit';
import type { AccountStatus, FoundKey, KeyRecord, NamedKey } from '@andamio/keys/model';
import { collections } from '@andamio/schema/firestore-layout';
import { tierSchema } from '@andamio/schema/tiers';
import { checkedFields, parseContent, time } from '@andamio/verification/firestore/key-document';
import type {
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Timestamp,
} from '@google-cloud/firestore';
import * as z from 'zod';
import { keyFields, keyRecordFrom, storedKey } from '../key-record.ts';

/**
 * Returns the name of a document: the SHA-256, in hex, of one or more texts, such as a user id. The
 * texts may contain any character and must not be readable in the name.
 */
export function nameOf(...texts: readonly string[]): string {
  return createHash('sha256')
    .update(texts.length === 1 ? (texts[0] as string) : JSON.stringify(texts))
    .digest('hex');
}

/** The documents that the owner and name of a key identify. */
export interface NamedDocuments {
  readonly owner: DocumentReference;
  readonly name: DocumentReference;
}

export function ownerDocumentOf(firestore: Firestore, userId: string): DocumentReference {
  return firestore.collection(collections.owners.id).doc(nameOf(userId));
}

export function keyDocumentOf(firestore: Firestore, id: string): DocumentReference {
  return firestore.collection(collections.keys.id).doc(id);
}

export function documentsOf(
  firestore: Firestore,
  { userId, name }: { readonly userId: string; readonly name: string },
): NamedDocuments {
  return {
    owner: ownerDocumentOf(firestore, userId),
    name: firestore.collection(collections.names.id).doc(nameOf(userId, name)),
  };
}

const ownerDocument = z.object({
  user_id: z.string(),
  /** When the owner's first key was issued. Null before that. */
  created_at: time.nullable(),
  tier: tierSchema,
  tier_issued_at: time,
  suspended: z.boolean(),
  /** Whether the owner's data is being erased. */
  erasing: z.boolean(),
  /**
   * The expiry of each unexpired key, by key id. Keys that have expired since the last write may
   * still be included; the next write drops them.
   */
  active: z.record(z.string(), time),
  /**
   * The expiry of the most recently expired keys, by key id, for at most {@link listedExpiredKeys}
   * keys. The list of keys contains no other expired keys.
   */
  expired: z.record(z.string(), time).default({}),
  /**
   * The expiry of each valid previous secret, by key id. Previous secrets do not count toward the
   * maximum.
   */
  superseded: z.record(z.string(), time),
  /**
   * The marks of the latest changes. A mark identifies a change whose commit succeeded but whose
   * response was lost.
   */
  attempts: z.array(z.string()).default([]),
});

const nameDocument = z.object({
  user_id: z.string(),
  name: z.string(),
  key_id: z.string(),
  /** The serial of the key with the id `key_id`. It stays the same when the key is rehashed. */
  serial: z.string(),
  /** The key id of the previous secret, which may have expired. */
  previous_id: z.string().nullable(),
  remove_at: time,
});

const keyDocument = z.object({
  ...keyFields(time),
  ...checkedFields,
  /** Whether this is a previous secret, which stays valid until its expiry. */
  superseded: z.boolean(),
});

export type OwnerDocument = z.output<typeof ownerDocument>;
export type NameDocument = z.output<typeof nameDocument>;

/**
 * A document as it was read: its content and its update time. A write can require the update time
 * as a precondition.
 */
export interface Found<Content> {
  readonly content: Content;
  readonly updateTime: Timestamp;
}

/**
 * Parses a document according to a schema. Returns undefined if the document does not exist. The
 * error for an invalid document names the fields but contains no value.
 */
export function parseDocument<Schema extends z.ZodType>(
  schema: Schema,
  snapshot: DocumentSnapshot,
): Found<z.output<Schema>> | undefined {
  if (!snapshot.exists) return undefined;
  return { content: parseContent(schema, snapshot), updateTime: snapshot.updateTime as Timestamp };
}

export const parseOwner = (snapshot: DocumentSnapshot) => parseDocument(ownerDocument, snapshot);
export const parseName = (snapshot: DocumentSnapshot) => parseDocument(nameDocument, snapshot);

/** The content of a key's document: the key, and whether it is a previous secret. */
export interface StoredKey extends FoundKey {
  readonly superseded: boolean;
}

export function parseKey(snapshot: DocumentSnapshot): Found<StoredKey> | undefined {
  const found = parseDocument(keyDocument, snapshot);
  if (found === undefined) return undefined;
  const { content, updateTime } = found;
  const record = keyRecordFrom(snapshot.id, content);
  const { tier, suspended, superseded } = content;
  return { content: { record, tier, suspended, superseded }, updateTime };
}

const countedKey = keyDocument.pick({
  pepper_version: true,
  expires_at: true,
  remove_at: true,
  superseded: true,
});

/** The fields of a key's document that are needed to count keys. */
export const countedFields = Object.keys(countedKey.shape);

export const parseCounted = (snapshot: DocumentSnapshot) =>
  parseDocument(countedKey, snapshot)?.content;

const mapped = <From, To>(map: Readonly<Record<string, From>>, to: (value: From) => To) =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, to(value)]));

/** Returns the fields that are stored both with an owner and with the owner's keys. */
const statusOf = ({ tier, suspended }: AccountStatus): AccountStatus => ({ tier, suspended });

/** Creates the functions that return the fields of each kind of document. */
export function documentWriter(timestamp: (seconds: number) => Timestamp) {
  return {
    owner: (owner: OwnerDocument) => ({
      ...owner,
      created_at: owner.created_at === null ? null : timestamp(owner.created_at),
      tier_issued_at: timestamp(owner.tier_issued_at),
      active: mapped(owner.active, timestamp),
      expired: mapped(owner.expired, timestamp),
      superseded: mapped(owner.superseded, timestamp),
    }),
    name: (userId: string, name: string, key: NamedKey, previousId: string | null) => ({
      user_id: userId,
      name,
      key_id: key.id,
      serial: key.serial,
      previous_id: previousId,
      remove_at: timestamp(key.deleteAfter),
    }),
    key: (record: KeyRecord, status: AccountStatus, superseded: boolean) => ({
      ...storedKey(record),
      created_at: timestamp(record.createdAt),
      expires_at: timestamp(record.expiresAt),
      remove_at: timestamp(record.deleteAfter),
      ...statusOf(status),
      superseded,
    }),
    accountStatus: statusOf,
    audit: (entry: AuditEntry) => ({
      at: timestamp(entry.at),
      actor_kind: entry.actor.kind,
      actor_id: entry.actor.id ?? null,
      action: entry.action,
      user_id: entry.userId,
      name: entry.name ?? null,
      key_id: entry.keyId ?? null,
      reason: entry.reason ?? null,
      remove_at: timestamp(auditDeleteAfter(entry)),
    }),
    usage: <Content extends { readonly remove_at: number }>(content: Content) => ({
      ...content,
      remove_at: timestamp(content.remove_at),
    }),
  };
}
