import { type Load, popularityOf, seededRandom } from './load.ts';

/** The times that apply to usage that all instances count together in Redis. */
export interface SharedUsagePolicy {
  /** Seconds from the first request of an owner's batch of usage until the batch is stored. */
  readonly interval: number;
  /** Seconds for which Redis keeps the totals of an owner without unstored usage. */
  readonly retention: number;
}

export interface SharedActivity {
  /**
   * Number of batches of usage that are stored per second. Each contains the usage of one owner.
   */
  readonly batches: number;
  /** Number of times per second that an owner's totals are read because Redis did not have them. */
  readonly totalsReads: number;
}

/**
 * Returns the times at which a run of consecutive requests begins new batches of usage for the
 * owner of the key.
 *
 * @param begun the time at which the owner's last batch began
 */
function begunBy(start: number, { run, runSeconds }: Load, begun: number, interval: number) {
  const found: number[] = [];
  if (start + runSeconds < begun + interval) return found;
  for (let request = 0; request < run; request++) {
    const at = start + (request * runSeconds) / run;
    if (at >= (found.at(-1) ?? begun) + interval) found.push(at);
  }
  return found;
}

/**
 * Simulates usage that all instances count together. The number of instances has no effect, because
 * exactly one instance stores each batch.
 *
 * @param seconds the duration of the measurement
 */
export function simulateSharedUsage(
  load: Load,
  { interval, retention }: SharedUsagePolicy,
  seconds = 60,
): SharedActivity {
  const random = seededRandom(1);
  const popularity = popularityOf(load);
  const begun = new Float64Array(load.keys).fill(Number.NEGATIVE_INFINITY);
  const runsPerSecond = load.verificationsPerSecond / load.run;
  const warmUp = 2 * interval;
  let batches = 0;
  for (let run = 0; run < runsPerSecond * (warmUp + seconds); run++) {
    const key = popularity.draw(random);
    const start = run / runsPerSecond;
    for (const at of begunBy(start, load, begun[key] as number, interval)) {
      if (start >= warmUp) batches++;
      begun[key] = at;
    }
  }
  // The runs of an owner arrive independently of each other, so the pause before a run exceeds the
  // retention with probability exp(-rate * retention).
  let totalsReads = 0;
  for (let key = 0; key < load.keys; key++) {
    const rate = runsPerSecond * popularity.shareOf(key);
    totalsReads += rate * Math.exp(-rate * (retention + interval));
  }
  return { batches: batches / seconds, totalsReads };
}
