import type { Connection } from '@andamio/verification/firestore/client';
import type { ReadKey } from '@andamio/verification/firestore/key-reader';
import type { DocumentReference, Firestore, Timestamp, WriteBatch } from '@google-cloud/firestore';
import type { documentWriter } from './documents.ts';

export interface Database {
  readonly connection: Connection;
  readonly firestore: Firestore;
  readonly readKey: ReadKey;
  readonly write: ReturnType<typeof documentWriter>;
  /** Returns a timestamp of the client library for whole Unix seconds. */
  readonly timestamp: (seconds: number) => Timestamp;
}

/**
 * Adds a write of a document to a batch. The write fails if the document has changed since it was
 * read, or was created since it was found to be missing.
 */
export function put(
  batch: WriteBatch,
  document: DocumentReference,
  fields: object,
  found: { readonly updateTime: Timestamp } | undefined,
): void {
  if (found === undefined) batch.create(document, fields);
  else batch.update(document, fields, { lastUpdateTime: found.updateTime });
}
