import type { DocumentReference, Firestore, Timestamp, WriteBatch } from '@google-cloud/firestore';
import {
  type documentWriter,
  type Found,
  type NameDocument,
  type NamedDocuments,
  type OwnerDocument,
  parseName,
  parseOwner,
} from './documents.ts';

/** An open client, and how contents become its documents. */
export interface Database {
  readonly firestore: Firestore;
  readonly write: ReturnType<typeof documentWriter>;
}

/** What owner and name said when they were read, at one moment. */
export interface View {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly name: Found<NameDocument> | undefined;
}

export async function readView(firestore: Firestore, { owner, name }: NamedDocuments): Promise<View> {
  const [ownerSnapshot, nameSnapshot] = await firestore.getAll(owner, name);
  return {
    owner: ownerSnapshot && parseOwner(ownerSnapshot),
    name: nameSnapshot && parseName(nameSnapshot),
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
