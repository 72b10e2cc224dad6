/**
 * A Firestore collection of the service. The store writes by this layout, and the infrastructure
 * derives TTL policies and index exemptions from it.
 */
export interface Collection {
  /** The collection's id, which is also the id of its collection group. */
  readonly id: string;
  /** The rule for naming a document. */
  readonly documentName: string;
  /**
   * The timestamp field after which Firestore may delete a document, for collections with automatic
   * deletion.
   */
  readonly ttlField?: string;
  /**
   * Fields that queries need an index on. All other fields are exempt: each index entry is written
   * with the document, and an index on timestamps or on a growing map creates hot spots.
   */
  readonly indexedFields: readonly string[];
}

/** The collections of the service. */
export const collections = {
  owners: {
    id: 'owners',
    documentName: 'SHA-256 of the user id, hex',
    // For counting owners. The fields rarely change, and document names are evenly distributed.
    indexedFields: ['suspended', 'tier'],
  },
  keys: {
    id: 'keys',
    documentName: 'HMAC-SHA256 of the key under the pepper that made it, hex',
    ttlField: 'remove_at',
    // For listing an owner's keys. The owner's document names only unexpired keys, since a document
    // has a maximum size.
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
    // By key, to find out whether a key that GitHub reports again was revoked before.
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
 * The collections whose documents belong to a user and are indexed by `user_id`. Erasing a user
 * deletes their documents from all of these, in addition to the owner's own document.
 */
export const collectionsByUser: readonly Collection[] = Object.values(collections).filter(({ indexedFields }) =>
  (indexedFields as readonly string[]).includes('user_id'),
);

/**
 * Days for which an expired key is retained so that it can be extended. Its name stays taken as
 * long.
 */
export const keyRetentionDays = 30;

/** Days for which an audit entry is retained: a year and a month. */
export const auditRetentionDays = 400;

/**
 * Months for which usage is retained after its own month, so that a full year is available on any
 * day.
 */
export const usageRetentionMonths = 13;
