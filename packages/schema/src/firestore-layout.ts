/**
 * Where the service keeps what in Firestore. The store writes by it, the infrastructure derives TTL policies and index
 * exemptions from it.
 */
export interface Collection {
  /** The collection's id, also the id of its collection group. */
  readonly id: string;
  /** What a document is named by. */
  readonly documentName: string;
  /** The timestamp after which Firestore may delete a document, where documents end by themselves. */
  readonly ttlField?: string;
  /**
   * Fields that queries need an index on. Every other one is exempt: each index entry is written with the document, and
   * an index on times or on a map that grows makes hot spots.
   */
  readonly indexedFields: readonly string[];
}

export const collections = {
  owners: {
    id: 'owners',
    documentName: 'SHA-256 of the user id, hex',
    // Counts of owners: rarely written again, and spread by the documents' names.
    indexedFields: ['suspended', 'tier'],
  },
  keys: {
    id: 'keys',
    documentName: 'HMAC-SHA256 of the key under the pepper that made it, hex',
    ttlField: 'remove_at',
    // An owner's list: its document names only the keys that have not expired, or it would outgrow what a document may hold.
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
  audit: {
    id: 'audit',
    documentName: 'a random UUID',
    ttlField: 'remove_at',
    // By key: whether a key that GitHub reports again was revoked before.
    indexedFields: ['user_id', 'key_id'],
  },
  usage: {
    id: 'usage',
    documentName: 'SHA-256 of the JSON array of user id and UTC day or month, hex',
    ttlField: 'remove_at',
    indexedFields: ['user_id'],
  },
} as const satisfies Record<string, Collection>;

/**
 * The collections whose documents are found by whose they are, beside the owner's own, which is named after it. What is stored
 * of a user is erased by this list: a collection that holds user ids belongs to it by the index on `user_id`.
 */
export const collectionsByUser: readonly Collection[] = Object.values(collections).filter(({ indexedFields }) =>
  (indexedFields as readonly string[]).includes('user_id'),
);

/** Days that an expired key stays, so that it can be extended; its name stays taken as long. */
export const daysKeptAfterExpiry = 30;

/** Days that an entry of the audit log stays: a year and a month to look back. */
export const daysAuditKept = 400;

/** Months that usage stays after its own month has ended: a year can be looked back on, also from its last day. */
export const monthsUsageKept = 13;
