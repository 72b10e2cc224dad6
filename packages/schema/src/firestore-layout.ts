/**
 * The layout of a Firestore collection. The store writes documents in this layout, and the
 * infrastructure derives TTL policies and index exemptions from it.
 */
export interface Collection {
  /** Id of the collection and of its collection group. */
  readonly id: string;
  /** A description of how the name of a document is derived. */
  readonly documentName: string;
  /**
   * Name of the timestamp field for the collection's TTL policy. Firestore deletes a document after
   * the time in this field. Unset if documents are not deleted automatically.
   */
  readonly ttlField?: string;
  /**
   * Names of the fields that have an index because queries filter by them. The store cannot filter
   * by any other field. All other fields are exempt from indexing: each index entry makes writes
   * more expensive, and an index on a timestamp or a growing map creates hotspots.
   */
  readonly indexedFields: readonly string[];
}

/** The service's Firestore collections. */
export const collections = {
  owners: {
    id: 'owners',
    documentName: 'SHA-256 of the user id, hex',
    // Queries that count owners filter by these fields. The fields rarely change, so their index
    // creates no hotspot.
    indexedFields: ['suspended', 'tier'],
  },
  keys: {
    id: 'keys',
    documentName: 'HMAC-SHA256 of the key under the pepper that created it, hex',
    ttlField: 'remove_at',
    // Operators' commands, which need every key of an owner, filter by this field. The owner's
    // document lists only unexpired keys and the most recently expired ones, because documents have
    // a maximum size.
    indexedFields: ['user_id'],
  },
  names: {
    id: 'names',
    documentName: 'SHA-256 of the JSON array of user id and key name, hex',
    ttlField: 'remove_at',
    indexedFields: ['user_id'],
  },
  idempotency: {
    id: 'idempotency',
    documentName: 'SHA-256 of the JSON array of user id, operation and Idempotency-Key, hex',
    ttlField: 'remove_at',
    indexedFields: ['user_id'],
  },
  deviceLogins: {
    id: 'device_logins',
    documentName: 'HMAC-SHA256 of the user code under the pepper that created it, hex',
    ttlField: 'remove_at',
    indexedFields: ['user_id'],
  },
  audit: {
    id: 'audit',
    documentName: 'a random UUID',
    ttlField: 'remove_at',
    // The service filters by `key_id` to find out whether a key that GitHub reports again was
    // already revoked.
    indexedFields: ['user_id', 'key_id'],
  },
  usage: {
    id: 'usage',
    // Earlier releases also write a document for each day. These documents expire 13 months after
    // the month of their day.
    documentName: 'SHA-256 of the JSON array of user id and UTC month, hex',
    ttlField: 'remove_at',
    indexedFields: ['user_id'],
  },
} as const satisfies Record<string, Collection>;

/** A collection in which each document belongs to a user. */
export type CollectionByUser = Extract<
  (typeof collections)[keyof typeof collections],
  { readonly indexedFields: readonly ['user_id', ...string[]] }
>;

/**
 * The collections in which each document belongs to a user, indexed by `user_id`. Erasing a user
 * deletes the user's documents from all of these collections, and the owner document.
 */
export const collectionsByUser: readonly CollectionByUser[] = Object.values(collections).filter(
  (collection): collection is CollectionByUser => collection.indexedFields[0] === 'user_id',
);
