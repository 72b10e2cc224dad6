import type { Bench } from './bench.ts';

/** The two values measured in one round. */
export interface Pair {
  readonly ours: number;
  readonly other: number;
}

/** The two programs of a comparison, started and ready to be measured. */
interface Rounds {
  /** Measures each program once. */
  round(): Promise<Pair>;
  end?(): Promise<void>;
}

/** A comparison of the service with another program. It is one row of the printed table. */
export interface Comparison {
  /** The name that `--only` selects. */
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly unit: 'requests/s' | 'ms' | 'µs' | 'MiB';
  /** The goal for the median of the ratios `ours / other`. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** Number of measured rounds, unless `--rounds` overrides it. */
  readonly rounds: number;
  /** Number of warm-up rounds, whose values are discarded. */
  readonly warmUps: number;
  readonly needsEmulator?: boolean;
  begin(bench: Bench): Promise<Rounds>;
}

/**
 * Creates a round that measures one program right after the other. If the machine slows down for a
 * while, both programs are affected.
 */
export function alternating(
  ours: () => Promise<number>,
  other: () => Promise<number>,
): () => Promise<Pair> {
  return async () => ({ ours: await ours(), other: await other() });
}
