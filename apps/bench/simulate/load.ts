/** The verifications that arrive at the service, and the keys that they use. */
export interface Load {
  readonly verificationsPerSecond: number;
  /** Number of keys in use. Each belongs to a different owner, which is the most expensive case. */
  readonly keys: number;
  /**
   * Exponent of Zipf's law: the n-th most used key is used in proportion to `1 / n ** popularity`.
   * With 0, all keys are used equally.
   */
  readonly popularity: number;
  /** Number of requests in a run: consecutive requests with one key. */
  readonly run: number;
  /** Duration of a run in seconds. Its requests are evenly spaced. */
  readonly runSeconds: number;
}

/** A function that returns random numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * Creates a random number generator with a seed, so that a simulation can be repeated exactly:
 * Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The distribution of runs over the keys. A run consists of consecutive requests with one key. Keys
 * are numbered from the most used to the least used.
 */
class Popularity {
  /** For each key, the sum of its weight and the weights of all keys that are used more often. */
  readonly #sums: Float64Array;
  readonly #total: number;

  constructor({ keys, popularity }: Pick<Load, 'keys' | 'popularity'>) {
    this.#sums = new Float64Array(keys);
    let sum = 0;
    for (let key = 0; key < keys; key++) {
      sum += (key + 1) ** -popularity;
      this.#sums[key] = sum;
    }
    this.#total = sum;
  }

  /** Returns the fraction of all runs that use the key. */
  shareOf(key: number): number {
    return ((this.#sums[key] as number) - (this.#sums[key - 1] ?? 0)) / this.#total;
  }

  /** Returns a random key, distributed according to popularity. */
  draw(random: Random): number {
    const drawn = random() * this.#total;
    let [low, high] = [0, this.#sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sums[middle] as number) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const popularities = new Map<string, Popularity>();

/**
 * Returns the popularity of a load's keys. It is computed once for each combination of `keys` and
 * `popularity`.
 */
export function popularityOf({ keys, popularity }: Pick<Load, 'keys' | 'popularity'>): Popularity {
  const name = `${keys} ${popularity}`;
  const known = popularities.get(name) ?? new Popularity({ keys, popularity });
  popularities.set(name, known);
  return known;
}
