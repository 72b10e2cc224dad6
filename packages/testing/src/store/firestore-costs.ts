import type { FirestoreCost } from '../firestore-counter.ts';

/**
 * The Firestore costs of the operations that verifications need. A test of the store checks them,
 * and the load simulation uses them.
 */
export const firestoreCosts = {
  /** Reading a key. The store reads one document for each pepper. Here, there is one pepper. */
  find: { calls: 1, reads: 1, writes: 0 },
  /** Reading an owner's totals, if no earlier release has counted requests in the month. */
  readTotals: { calls: 1, reads: 1, writes: 0 },
  /** Adding an owner's usage. Up to a hundred additions of one flush share their calls. */
  addUsage: { calls: 2, reads: 1, writes: 1 },
} as const satisfies Record<string, FirestoreCost>;
