import type { Connection } from '@andamio/verification/firestore/client';
import type { ReadKey } from '@andamio/verification/firestore/key-reader';
import type { DocumentReference, Firestore, Timestamp, WriteBatch } from '@google-cloud/firestore';
import type { Attempt, Memory } from '../../keys/idempotency.ts';
import {
  type documentWriter,
  type Found,
  type NameDocument,
  type NamedDocuments,
  type OwnerDocument,
  parseName,
  parseOwner,
} from './documents.ts';
import { memoryDocumentOf, parseMemory } from './memory.ts';

/** An open client, and how contents become its documents. */
export interface Database {
  readonly connection: Connection;
  readonly firestore: Firestore;
  readonly readKey: ReadKey;
  readonly write: ReturnType<typeof documentWriter>;
  /** A timestamp of the client library's for whole Unix seconds. */
  readonly timestamp: (seconds: number) => Timestamp;
}

/** What owner, name and the memory of the request said when they were read, at one moment. */
export interface View {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly name: Found<NameDocument> | undefined;
  readonly memory: Found<Memory> | undefined;
}

/**
 * Reads what a change is decided by.
 *
 * @param attempt where the client may repeat the request.
 */
export async function readView(
  firestore: Firestore,
  { owner, name }: NamedDocuments,
  attempt: Attempt | undefined,
): Promise<View> {
  const others = attempt === undefined ? [] : [memoryDocumentOf(firestore, attempt)];
  const [ownerSnapshot, nameSnapshot, memory] = await firestore.getAll(owner, name, ...others);
  return {
    owner: ownerSnapshot && parseOwner(ownerSnapshot),
    name: nameSnapshot && parseName(nameSnapshot),
    memory: memory && parseMemory(memory),
  };
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
