import { redisCommands } from '@andamio/testing/redis-commands';
import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import { type InstancePolicy, simulateInstance } from './instance.ts';
import type { Load } from './load.ts';
import { committed, type ProcessorTimes } from './processor-times.ts';
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
  /** Processor cores that are busy in the processes of the service. */
  readonly cores: number;
  /** Processor cores that are busy in Redis. */
  readonly redisCores: number;
}

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

/**
 * Returns the number of seconds to simulate: a minute, or as long as ten runs of the load take to
 * arrive and as 100 verifications take to reach one of the instances.
 */
function durationOf({ verificationsPerSecond, run }: Load, instances: number): number {
  return Math.max(60, Math.max(10 * run, 100 * instances) / verificationsPerSecond);
}

function demandOf(load: Load, policy: Policy, instances: number, times: ProcessorTimes): Demand {
  const { verificationsPerSecond: verifications } = load;
  const { shared } = policy;
  const activity = simulateInstance(load, instances, policy, durationOf(load, instances));
  const perVerification = (count: number) => (count / activity.verifications) * verifications;
  const known = activity.known / activity.verifications;
  const together = shared && simulateSharedUsage(load, shared);
  const keyReads = perVerification(activity.keyReads);
  const totalsReads = together?.totalsReads ?? perVerification(activity.totalsReads);
  const additions = together?.batches ?? perVerification(activity.additions);
  const { find, readTotals, addUsage } = firestoreCosts;
  const uncached = verifications * (1 - known);
  const [verification, keyRead] = shared
    ? [times.verificationWithRedis, times.keyReadWithRedis]
    : [times.verification, times.keyRead];
  const microseconds =
    verifications * verification +
    keyReads * keyRead +
    totalsReads * times.totalsRead +
    additions * times.addition;
  // The command that confirms a batch is assumed to take as long as one that counts.
  const redisMicroseconds = shared
    ? (verifications + additions) * times.redisVerification + uncached * times.redisKeyRead
    : 0;
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
      ? verifications * redisCommands.verification +
        uncached * redisCommands.uncachedKey +
        additions
      : 0,
    largestFlush: shared ? 0 : activity.largestFlush,
    cores: microseconds / 1e6,
    redisCores: redisMicroseconds / 1e6,
  };
}

/**
 * Simulates a load.
 *
 * @param instances the number of instances. By default, as many as Cloud Run starts.
 * @param times the processor times of the steps. By default, the committed ones.
 */
export function simulate(
  load: Load,
  policy: Policy,
  instances?: number,
  times: ProcessorTimes = committed.microseconds,
): Demand {
  if (instances !== undefined) return demandOf(load, policy, instances, times);
  const fewest = whole(load.verificationsPerSecond / requestsPerInstance);
  let demand = demandOf(load, policy, fewest, times);
  for (;;) {
    const needed = whole(demand.cores / utilization);
    if (needed <= demand.instances) return demand;
    demand = demandOf(load, policy, needed, times);
  }
}
