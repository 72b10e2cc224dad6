import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { builtService } from './bench.ts';
import type { Comparison } from './comparison.ts';
import { tailName } from './tail.ts';

export interface Options {
  readonly comparisons: readonly Comparison[];
  /** True if the run also measures latencies at constant arrival rates. */
  readonly measuresTail: boolean;
  /** Overrides the number of rounds of every comparison. */
  readonly rounds: number | undefined;
  /**
   * Runs two rounds with a tenth of the load, to check that the benchmark works. The results are
   * not meaningful.
   */
  readonly quick: boolean;
  /** Folder that contains `main.js` of the built service. */
  readonly service: string;
}

/**
 * Parses the command line: `--only NAME` (repeatable), `--rounds N`, `--quick` and `--service
 * FOLDER`.
 */
export function readOptions(all: readonly Comparison[]): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      service: { type: 'string', default: builtService },
    },
  });
  const names = [...all.map(({ name }) => name), tailName];
  const unknown = values.only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`Nothing is named ${unknown.join(', ')}. Choose from ${names.join(', ')}.`);

  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error('--rounds must be a positive integer.');
  return {
    comparisons: all.filter(({ name }) => values.only?.includes(name) ?? true),
    measuresTail: values.only?.includes(tailName) ?? true,
    rounds: rounds ?? (values.quick ? 2 : undefined),
    quick: values.quick,
    service: resolve(values.service),
  };
}
