import { redisCommands } from '@andamio/testing/redis-commands';
import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import { type InstancePolicy, simulateInstance } from './instance.ts';
import type { Load } from './load.ts';
import { type SharedUsagePolicy, simulateSharedUsage } from './shared-usage.ts';

/**
 * The way in which usage is counted: by each instance alone, or by all instances together in Redis.
 */
export interface Policy extends InstancePolicy {
  readonly shared?: SharedUsagePolicy;
}

/** The resources that a load needs, per second unless stated otherwise. */
export interface Demand {
  readonly verifications: number;
  readonly instances: number;
  /** Fraction of the verifications for which the instance has the key in its cache. */
  readonly known: number;
  readonly keyReads: number;
  readonly totalsReads: number;
  /** Number of additions, each of which adds an owner's usage to the store. */
  readonly additions: number;
  readonly firestoreReads: number;
  readonly firestoreWrites: number;
  readonly redisCommands: number;
  /**
   * Maximum number of additions that an instance makes at the same time. Zero if usage is counted
   * in Redis.
   */
  readonly largestFlush: number;
  /** Processor cores that are busy in the service's own code. */
  readonly cores: number;
}

/**
 * Upper bounds, in seconds, of the processor time that each step takes. They were measured on a
 * machine with two cores that also ran the Firestore emulator. `addition` comes from decision 35,
 * and the others come from the benchmarks of fall 2026.
 */
export const processorTimes = {
  verification: 29e-6,
  /**
   * The time to read one key in a separate call. If one call reads many keys, each takes as little
   * as 32 microseconds.
   */
  keyRead: 560e-6,
  totalsRead: 234e-6,
  addition: 240e-6,
} as const;

/** Maximum requests per second that Cloud Run sends to a container's HTTP/1 port. */
const requestsPerInstance = 800;

/**
 * The utilization of an instance's processor, as a fraction, at which Cloud Run starts another
 * instance.
 */
const utilization = 0.6;

/** Minimum number of instances, so that the service survives the failure of one. */
const fewestInstances = 2;

/** Rounds a number of instances up to a whole number, which is at least {@link fewestInstances}. */
const whole = (instances: number) => Math.max(fewestInstances, Math.ceil(instances));

function demandOf(load: Load, policy: Policy, instances: number): Demand {
  const { verificationsPerSecond: verifications } = load;
  const { shared } = policy;
  const activity = simulateInstance(load, instances, policy);
  const perVerification = (count: number) => (count / activity.verifications) * verifications;
  const known = activity.known / activity.verifications;
  const together = shared && simulateSharedUsage(load, shared);
  const keyReads = perVerification(activity.keyReads);
  const totalsReads = together?.totalsReads ?? perVerification(activity.totalsReads);
  const additions = together?.batches ?? perVerification(activity.additions);
  const { find, readTotals, addUsage } = firestoreCosts;
  return {
    verifications,
    instances,
    known,
    keyReads,
    totalsReads,
    additions,
    firestoreReads:
      keyReads * find.reads + totalsReads * readTotals.reads + additions * addUsage.reads,
    firestoreWrites: additions * addUsage.writes,
    // Each batch is confirmed with one command. Looking for due batches takes a few more commands,
    // regardless of the load: every five seconds, one for each instance, and 64 for all instances
    // together.
    redisCommands: shared
      ? verifications * (redisCommands.verification + (1 - known) * redisCommands.uncachedKey) +
        additions
      : 0,
    largestFlush: shared ? 0 : activity.largestFlush,
    cores:
      verifications * processorTimes.verification +
      keyReads * processorTimes.keyRead +
      totalsReads * processorTimes.totalsRead +
      additions * processorTimes.addition,
  };
}

/**
 * Simulates a load.
 *
 * @param instances the number of instances. By default, as many as Cloud Run starts.
 */
export function simulate(load: Load, policy: Policy, instances?: number): Demand {
  if (instances !== undefined) return demandOf(load, policy, instances);
  let demand = demandOf(load, policy, whole(load.verificationsPerSecond / requestsPerInstance));
  for (;;) {
    const needed = whole(demand.cores / utilization);
    if (needed <= demand.instances) return demand;
    demand = demandOf(load, policy, needed);
  }
}
