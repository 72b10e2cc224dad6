import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import type { Demand } from './demand.ts';
import type { Load } from './load.ts';
import { instancePolicy, sharedUsagePolicy } from './policies.ts';
import { simulateSharedUsage } from './shared-usage.ts';

/** Maximum number of owners in a journal. */
const ownersOfJournal = 100;

/** Number of partitions of the owners. One instance adds up the journals of a partition. */
const partitions = 16;

/**
 * Estimates a design without Redis that the service does not have: each instance writes the usage
 * of up to {@link ownersOfJournal} owners of a partition as one document, a journal. Another
 * instance adds up the journals of all instances, and commits the sums together with the deletion
 * of the journals. Instances still read the owners' totals, to check quotas.
 *
 * @param alone the demand of the load if instances count alone
 */
export function withJournals(load: Load, alone: Demand): Demand {
  const interval = instancePolicy.usageInterval;
  const additions = simulateSharedUsage(load, { ...sharedUsagePolicy, interval }).batches;
  const flushes = alone.instances / interval;
  const ownersOfFlush = alone.additions / flushes;
  const journalsOfFlush = partitions * Math.ceil(ownersOfFlush / partitions / ownersOfJournal);
  // An instance writes no empty journals.
  const journals = flushes * Math.min(journalsOfFlush, ownersOfFlush);
  const { addUsage } = firestoreCosts;
  return {
    ...alone,
    additions,
    firestoreReads: alone.firestoreReads + journals + additions * addUsage.reads,
    // A journal is written and deleted.
    firestoreWrites: 2 * journals + additions * addUsage.writes,
  };
}
