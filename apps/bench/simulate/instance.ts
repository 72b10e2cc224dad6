import { LRUCache } from 'lru-cache';
import { type Load, popularityOf, type Random, seededRandom } from './load.ts';

/** The limits and intervals that determine which operations an instance performs. */
export interface InstancePolicy {
  /** Maximum number of cached keys. */
  readonly cachedKeys: number;
  /** Seconds for which a cached key is used. */
  readonly keyAge: number;
  /**
   * Fraction of `keyAge` after which a request with a cached key makes the instance read the key
   * again in the background.
   */
  readonly refreshAfter: number;
  /** Maximum number of owners whose totals are cached. */
  readonly knownOwners: number;
  /**
   * Minimum time, in seconds, from one flush to the next. A flush stores the usage that the
   * instance has counted.
   */
  readonly usageInterval: number;
}

/** The numbers of operations that one instance performed for the verifications that reached it. */
export interface InstanceActivity {
  readonly verifications: number;
  /** Number of verifications for which the key was cached. */
  readonly known: number;
  /** Number of reads of keys, including reads in the background. */
  readonly keyReads: number;
  /** Number of reads of owners' totals. */
  readonly totalsReads: number;
  /** Number of writes that add usage counted in memory to an owner's stored usage. */
  readonly additions: number;
  /** Maximum number of additions that were due at the same time. */
  readonly largestFlush: number;
}

/** A verification: its time in seconds, and its key. */
interface Verification {
  readonly at: number;
  readonly key: number;
}

/**
 * One instance of the service. It counts the operations that `KeyCache` and `UsageMeter` would
 * perform. A test compares its counts with those of the real classes. Reads and additions are
 * assumed to take no time.
 */
export class SimulatedInstance {
  readonly #policy: InstancePolicy;
  /** The time of the last read, by key. */
  readonly #keys: LRUCache<number, number>;
  readonly #owners: LRUCache<number, true>;
  /** The owners with usage that is not stored yet. */
  readonly #waiting = new Set<number>();
  #flushedAt = Number.NEGATIVE_INFINITY;
  #due = Number.POSITIVE_INFINITY;
  #activity = {
    verifications: 0,
    known: 0,
    keyReads: 0,
    totalsReads: 0,
    additions: 0,
    largestFlush: 0,
  };

  constructor(policy: InstancePolicy) {
    this.#policy = policy;
    this.#keys = new LRUCache({ max: policy.cachedKeys });
    this.#owners = new LRUCache({ max: policy.knownOwners });
  }

  /** The number of owners whose totals are cached. */
  get cachedOwners(): number {
    return this.#owners.size;
  }

  /** Caches an owner's totals, as if the instance had seen the owner before. */
  know(owner: number): void {
    this.#owners.set(owner, true);
  }

  verify({ at, key }: Verification): void {
    if (this.#due <= at) this.#flush(this.#due);
    this.#activity.verifications++;
    this.#useKey(key, at);
    if (this.#owners.get(key) === undefined) {
      this.#activity.totalsReads++;
      this.#owners.set(key, true);
    }
    if (this.#waiting.size === 0)
      this.#due = Math.max(at, this.#flushedAt + this.#policy.usageInterval);
    this.#waiting.add(key);
    if (this.#due <= at) this.#flush(at);
  }

  /** Returns the activity since the last call. */
  take(): InstanceActivity {
    const taken = this.#activity;
    this.#activity = Object.fromEntries(
      Object.keys(taken).map((name) => [name, 0]),
    ) as typeof taken;
    return taken;
  }

  #useKey(key: number, at: number): void {
    const { keyAge, refreshAfter } = this.#policy;
    const readAt = this.#keys.get(key);
    const age = readAt === undefined ? Number.POSITIVE_INFINITY : at - readAt;
    if (age < keyAge) this.#activity.known++;
    if (age < keyAge * refreshAfter) return;
    this.#activity.keyReads++;
    this.#keys.set(key, at);
  }

  #flush(at: number): void {
    this.#activity.additions += this.#waiting.size;
    this.#activity.largestFlush = Math.max(this.#activity.largestFlush, this.#waiting.size);
    for (const owner of this.#waiting) this.#owners.set(owner, true);
    this.#waiting.clear();
    this.#flushedAt = at;
    this.#due = Number.POSITIVE_INFINITY;
  }
}

/**
 * Yields the verifications that reach one of several instances, in the order of their times. The
 * balancer chooses an instance at random for each request.
 *
 * @param seconds the length of the period, which begins at 0
 */
export function* arrivals(
  load: Load,
  instances: number,
  seconds: number,
  random: Random,
): Generator<Verification> {
  const { verificationsPerSecond, run, runSeconds } = load;
  const popularity = popularityOf(load);
  const span = seconds + runSeconds;
  const requests = Math.round((verificationsPerSecond / run) * span) * run;
  const found: Verification[] = [];
  // The distance between two requests that reach the instance, counted in requests, is
  // geometrically distributed. Requests to other instances therefore need not be generated.
  const distance = () =>
    instances === 1 ? 1 : 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / instances));
  let [current, key, start] = [-1, 0, 0];
  for (let request = distance() - 1; request < requests; request += distance()) {
    const one = Math.floor(request / run);
    if (one !== current) {
      [current, key] = [one, popularity.draw(random)];
      start = random() * span - runSeconds;
    }
    const at = start + ((request % run) * runSeconds) / run;
    if (at >= 0 && at < seconds) found.push({ at, key });
  }
  yield* found.sort((one, other) => one.at - other.at);
}

/** Seconds until an instance has as many cached keys as in continuous operation. */
const warmUp = 30;

/**
 * Simulates one of several instances that have been up for hours.
 *
 * @param seconds the duration of the measurement
 */
export function simulateInstance(
  load: Load,
  instances: number,
  policy: InstancePolicy,
  seconds = 60,
): InstanceActivity {
  const random = seededRandom(instances);
  const popularity = popularityOf(load);
  const instance = new SimulatedInstance(policy);
  // Fills the cache of totals in advance. A real instance takes minutes to hours to fill it.
  const draws = 10 * policy.knownOwners;
  for (let drawn = 0; drawn < draws && instance.cachedOwners < policy.knownOwners; drawn++)
    instance.know(popularity.draw(random));
  let isWarm = false;
  for (const one of arrivals(load, instances, warmUp + seconds, random)) {
    if (!isWarm && one.at >= warmUp) {
      instance.take();
      isWarm = true;
    }
    instance.verify(one);
  }
  return instance.take();
}
