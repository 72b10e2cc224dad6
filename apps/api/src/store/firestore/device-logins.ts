import type { DeviceLogin, DeviceLoginDecision } from '@andamio/keys/device-login/model';
import { collections } from '@andamio/schema/firestore-layout';
import { time } from '@andamio/verification/firestore/key-document';
import type {
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  WriteBatch,
} from '@google-cloud/firestore';
import * as z from 'zod';
import { deviceLoginFields, deviceLoginOf, storedDeviceLogin } from '../device-login.ts';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import { type Database, put } from './database.ts';
import { type Found, parseDocument } from './documents.ts';
import { documentsWhere } from './query.ts';

const loginDocument = z.object({
  ...deviceLoginFields,
  created_at: time,
  tier_issued_at: time.nullable(),
});

/** Returns the reference of a device login's document. */
export function deviceLoginDocumentOf(firestore: Firestore, id: string): DocumentReference {
  return firestore.collection(collections.deviceLogins.id).doc(id);
}

/** Parses the document of a device login. Returns undefined if it does not exist. */
export function parseLogin(snapshot: DocumentSnapshot): Found<DeviceLogin> | undefined {
  const found = parseDocument(loginDocument, snapshot);
  return found && { ...found, content: deviceLoginOf(snapshot.id, found.content) };
}

async function read(
  database: Database,
  ids: readonly string[],
): Promise<Found<DeviceLogin> | undefined> {
  const { firestore } = database;
  const documents = ids.map((id) => deviceLoginDocumentOf(firestore, id));
  const snapshots = await firestore.getAll(...documents);
  const found = snapshots.find(({ exists }) => exists);
  return found && parseLogin(found);
}

/** Finds a device login by its possible ids, in one round trip. */
export const findDeviceLogin = async (database: Database, ids: readonly string[]) =>
  (await read(database, ids))?.content;

/** Finds the device logins that a user has looked up. */
export async function deviceLoginsOf({ firestore }: Database, userId: string) {
  const query = documentsWhere(firestore, collections.deviceLogins, 'user_id', '==', userId);
  return (await query.get()).docs.flatMap((document) => parseLogin(document)?.content ?? []);
}

function fieldsOf({ timestamp }: Database, login: DeviceLogin) {
  const { created_at, tier_issued_at, remove_at, ...stored } = storedDeviceLogin(login);
  return {
    ...stored,
    created_at: timestamp(created_at),
    tier_issued_at: tier_issued_at === null ? null : timestamp(tier_issued_at),
    remove_at: timestamp(remove_at),
  };
}

/**
 * Adds a write of a device login to a batch. The write fails if the device login has changed since
 * it was found.
 */
export function putDeviceLogin(
  database: Database,
  writes: WriteBatch,
  login: DeviceLogin,
  found: Found<DeviceLogin> | undefined,
): void {
  const document = deviceLoginDocumentOf(database.firestore, login.id);
  put(writes, document, fieldsOf(database, login), found);
}

/**
 * Runs a decision on a device login and commits its changes, provided that the login has not
 * changed. No other document is involved, so users and programs never wait for each other.
 */
export function transactDeviceLogin<Outcome>(
  database: Database,
  ids: readonly string[],
  decide: (login: DeviceLogin | undefined) => DeviceLoginDecision<Outcome>,
): Promise<Outcome> {
  return commitWithRetry<Found<DeviceLogin> | undefined, Outcome>({
    read: () => read(database, ids),
    decide(found) {
      const { outcome, login, entry } = decide(found?.content);
      if (login === undefined) return { outcome };
      const writes = database.firestore.batch();
      // A new login may replace one that was stored under another pepper and another id.
      const replaced = found?.content.id === login.id ? found : undefined;
      putDeviceLogin(database, writes, login, replaced);
      if (entry !== undefined) audit(database, writes, entry);
      return { outcome, writes };
    },
  });
}
