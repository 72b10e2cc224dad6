import type { Bench } from './bench.ts';
import type { Comparison, Measurement, Pair } from './comparison.ts';
import type { Options } from './options.ts';
import { withProcesses } from './processes.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** The values of all rounds. */
interface Compared {
  readonly ours: Spread;
  readonly other: Spread;
  /**
   * The ratio is computed per round because the two values of a round were measured right after
   * each other.
   */
  readonly ratio: Spread;
}

export interface Result extends Compared {
  readonly comparison: Comparison;
  readonly pairs: readonly Pair[];
  readonly met: boolean;
  /** Processor times per request in microseconds. Undefined if they are not measured. */
  readonly processorTime: Compared | undefined;
}

function compare(pairs: readonly Pair[], partOf: (measured: Measurement) => number): Compared {
  return {
    ours: spreadOf(pairs.map(({ ours }) => partOf(ours))),
    other: spreadOf(pairs.map(({ other }) => partOf(other))),
    ratio: spreadOf(pairs.map(({ ours, other }) => partOf(ours) / partOf(other))),
  };
}

function resultOf(comparison: Comparison, pairs: readonly Pair[]): Result {
  const compared = compare(pairs, ({ value }) => value);
  const timeOf = ({ processorTime = Number.NaN }: Measurement) => processorTime;
  const isTimed = pairs.every(({ ours, other }) => timeOf(ours) > 0 && timeOf(other) > 0);
  const { goal } = comparison;
  const { median } = compared.ratio;
  return {
    comparison,
    pairs,
    ...compared,
    met: 'atLeast' in goal ? median >= goal.atLeast : median <= goal.atMost,
    processorTime: isTimed ? compare(pairs, timeOf) : undefined,
  };
}

/** Starts both programs and measures them. Returns the pairs of the measured rounds. */
async function measureOnce(comparison: Comparison, rounds: number, bench: Bench): Promise<Pair[]> {
  const { name, unit, warmUps } = comparison;
  return withProcesses(bench, async (processes) => {
    const round = await comparison.begin(bench, processes);
    for (let warmUp = 0; warmUp < warmUps; warmUp++) await round();
    const pairs: Pair[] = [];
    while (pairs.length < rounds) {
      const pair = await round();
      pairs.push(pair);
      const values = `${pair.ours.value.toFixed(1)} vs. ${pair.other.value.toFixed(1)}`;
      process.stderr.write(`${name} ${pairs.length}/${rounds}: ${values} ${unit}\n`);
    }
    return pairs;
  });
}

/** Runs the comparisons one after another. Writes the values of each round to standard error. */
export async function measure(
  { comparisons, rounds, quick }: Options,
  bench: Bench,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const comparison of comparisons) {
    const pairs: Pair[] = [];
    for (let starts = quick ? 1 : (comparison.starts ?? 1); starts > 0; starts--)
      pairs.push(...(await measureOnce(comparison, rounds ?? comparison.rounds, bench)));
    results.push(resultOf(comparison, pairs));
  }
  return results;
}
