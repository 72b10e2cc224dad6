import type { Bench } from './bench.ts';
import type { Processes } from './processes.ts';

/** The result of measuring one program once. */
export interface Measurement {
  /** A value in the unit of the comparison. */
  readonly value: number;
  /**
   * Processor time per request, in microseconds. Other programs on the machine affect it less than
   * they affect a rate. Undefined if the comparison does not measure it.
   */
  readonly processorTime?: number;
}

/** The measurements of both programs in one round. */
export interface Pair {
  readonly ours: Measurement;
  readonly other: Measurement;
}

/** Measures each of the two programs of a comparison once. */
export type Round = () => Promise<Pair>;

/** A comparison of the service with another program. It is one row of the printed table. */
export interface Comparison {
  /** The name that `--only` selects. */
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly unit: 'requests/s' | 'ms' | 'µs' | 'MiB';
  /** The goal for the median of the ratios `ours / other`. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
  /**
   * Number of times that both programs are started. Default: 1. Two processes of the same program
   * can differ in speed by up to three percent for as long as they run. A small difference between
   * two programs therefore becomes visible only after several starts.
   */
  readonly starts?: number;
  /** Number of measured rounds after each start, unless `--rounds` overrides it. */
  readonly rounds: number;
  /** Number of warm-up rounds after each start, whose values are discarded. */
  readonly warmUps: number;
  readonly needsEmulator?: boolean;
  /**
   * Prepares the measurement. The processes that it starts are stopped after the last round.
   */
  begin(bench: Bench, processes: Processes): Promise<Round>;
}

/**
 * Creates a round that measures the two programs immediately one after the other. If the machine
 * slows down for a while, both are affected.
 */
export function alternating(
  ours: () => Promise<Measurement>,
  other: () => Promise<Measurement>,
): Round {
  return async () => ({ ours: await ours(), other: await other() });
}
