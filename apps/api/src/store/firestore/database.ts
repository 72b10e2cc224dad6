import type { Connection } from '@andamio/verification/firestore/client';
import type { ReadKey } from '@andamio/verification/firestore/key-reader';
import type { DocumentReference, Firestore, Timestamp, WriteBatch } from '@google-cloud/firestore';
import type { documentWriter } from './documents.ts';

/** An open client, and how contents become its documents. */
export interface Database {
  readonly connection: Connection;
  readonly firestore: Firestore;
  readonly readKey: ReadKey;
  readonly write: ReturnType<typeof documentWriter>;
  /** Returns a timestamp of the client library for whole Unix seconds. */
  readonly timestamp: (seconds: number) => Timestamp;
}

/** Adds to the batch that a document gets these fields, provided that it is as it was found. */
export function put(
  batch: WriteBatch,
  document: DocumentReference,
  fields: object,
  found: { readonly updateTime: Timestamp } | undefined,
): void {
  if (found === undefined) batch.create(document, fields);
  else batch.update(document, fields, { lastUpdateTime: found.updateTime });
}
