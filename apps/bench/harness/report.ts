import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Result } from './rounds.ts';
import type { Spread } from './statistics.ts';
import { type Tail, tailRows, tailSummary } from './tail.ts';

const file = new URL('../results/latest.json', import.meta.url);

function written({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

function row({ comparison, ours, other, ratio, met }: Result): string[] {
  const { name, unit, goal } = comparison;
  const digits = unit === 'MiB' ? 1 : 0;
  const wanted = 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
  return [
    name,
    unit,
    written(ours, digits),
    written(other, digits),
    written(ratio, 2),
    wanted,
    met ? 'yes' : 'NO',
  ];
}

function timeRow({ comparison, processorTime }: Result): string[][] {
  if (processorTime === undefined) return [];
  const { ours, other, ratio } = processorTime;
  return [[comparison.name, written(ours, 1), written(other, 1), written(ratio, 2)]];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

/** Prints the tables of results, and writes the values of every round to `results/latest.json`. */
export function report(results: readonly Result[], tail: Tail | undefined): void {
  const head = ['measured', 'unit', 'ours', 'other', 'ratio', 'goal', 'met'];
  const legend = results.map(
    ({ comparison: { name, ours, other } }) => `${name}: ${ours}, compared with: ${other}.`,
  );
  const timeHead = ['processor time per request, in µs', 'ours', 'other', 'ratio'];
  const times = results.flatMap(timeRow);
  const tables = [
    ...(results.length > 0 ? [[head, ...results.map(row)]] : []),
    ...(times.length > 0 ? [[timeHead, ...times]] : []),
    ...(tail === undefined ? [] : [tailRows(tail)]),
  ];
  const notes = [...legend, ...(tail === undefined ? [] : [tailSummary(tail)])];
  process.stdout.write(`\n${tables.map(aligned).join('\n\n')}\n\n${notes.join('\n')}\n`);

  mkdirSync(new URL('.', file), { recursive: true });
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    date: new Date().toISOString(),
  };
  const content = results.map(({ comparison: { name, ours, other, unit, goal }, ...values }) => ({
    name,
    measured: { ours, other, unit, goal },
    ...values,
  }));
  writeFileSync(file, `${JSON.stringify({ machine, results: content, tail }, undefined, 2)}\n`);
}
