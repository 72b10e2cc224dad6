import type { Bench } from './bench.ts';

/** What one round found out: the service's value beside the other's. */
export interface Pair {
  readonly ours: number;
  readonly other: number;
}

/** Two things under the same load, ready for rounds. */
interface Rounds {
  /** Measures both once. Resolves to undefined for a round that only warms up. */
  round(): Promise<Pair>;
  end?(): Promise<void>;
}

/** One row of the table: what is measured, against what, and what is to come out. */
export interface Comparison {
  /** As `--only` takes it. */
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly unit: 'requests/s' | 'ms' | 'µs' | 'MiB';
  /** What `ours / other` should be. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /** Rounds that count, unless `--rounds` says otherwise, and rounds before them that do not. */
  readonly rounds: number;
  readonly warmUps: number;
  readonly needsEmulator?: boolean;
  begin(bench: Bench): Promise<Rounds>;
}

/** Rounds in which the two are measured one after the other, A B A B: what disturbs the machine disturbs both. */
export function alternating(ours: () => Promise<number>, other: () => Promise<number>): () => Promise<Pair> {
  return async () => ({ ours: await ours(), other: await other() });
}
