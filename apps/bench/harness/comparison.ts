import type { Bench } from './bench.ts';

/** The two values that one round measured. */
export interface Pair {
  readonly ours: number;
  readonly other: number;
}

/** The two programs of a comparison, started and ready for rounds. */
interface Rounds {
  /** Measures each program once. */
  round(): Promise<Pair>;
  end?(): Promise<void>;
}

/** One row of the table: what is measured, what it is compared with, and the goal. */
export interface Comparison {
  /** The name for `--only`. */
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly unit: 'requests/s' | 'ms' | 'µs' | 'MiB';
  /** The goal for the median of `ours / other`. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** Rounds that count, unless `--rounds` overrides them. */
  readonly rounds: number;
  /** Rounds before those, whose values are discarded. */
  readonly warmUps: number;
  readonly needsEmulator?: boolean;
  begin(bench: Bench): Promise<Rounds>;
}

/**
 * Creates rounds that measure both programs in turn, A B A B, so that a disturbance of the machine
 * affects both.
 */
export function alternating(ours: () => Promise<number>, other: () => Promise<number>): () => Promise<Pair> {
  return async () => ({ ours: await ours(), other: await other() });
}
