import type { Bench } from './bench.ts';
import type { Comparison, Pair } from './comparison.ts';
import type { Options } from './options.ts';
import { type Spread, spreadOf } from './statistics.ts';

export interface Result {
  readonly comparison: Comparison;
  readonly pairs: readonly Pair[];
  readonly ours: Spread;
  readonly other: Spread;
  /**
   * The ratio is computed per round because the two values of a round were measured right after
   * each other.
   */
  readonly ratio: Spread;
  readonly met: boolean;
}

function resultOf(comparison: Comparison, pairs: readonly Pair[]): Result {
  const ratio = spreadOf(pairs.map(({ ours, other }) => ours / other));
  const { goal } = comparison;
  return {
    comparison,
    pairs,
    ours: spreadOf(pairs.map(({ ours }) => ours)),
    other: spreadOf(pairs.map(({ other }) => other)),
    ratio,
    met: 'atLeast' in goal ? ratio.median >= goal.atLeast : ratio.median <= goal.atMost,
  };
}

async function measureOne(comparison: Comparison, rounds: number, bench: Bench): Promise<Result> {
  const { round, end } = await comparison.begin(bench);
  try {
    for (let i = 0; i < comparison.warmUps; i++) await round();
    const pairs: Pair[] = [];
    while (pairs.length < rounds) {
      const pair = await round();
      pairs.push(pair);
      process.stderr.write(
        `${comparison.name} ${pairs.length}/${rounds}: ${pair.ours.toFixed(1)} vs. ${pair.other.toFixed(1)} ${comparison.unit}\n`,
      );
    }
    return resultOf(comparison, pairs);
  } finally {
    await end?.();
  }
}

/** Runs the comparisons one after another. Writes the values of each round to standard error. */
export async function measure({ comparisons, rounds }: Options, bench: Bench): Promise<Result[]> {
  const results: Result[] = [];
  for (const comparison of comparisons) {
    results.push(await measureOne(comparison, rounds ?? comparison.rounds, bench));
  }
  return results;
}
