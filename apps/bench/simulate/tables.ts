import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import { type Demand, type Policy, processorTimes, simulate } from './demand.ts';
import type { Load } from './load.ts';
import { type Bill, billOf, priceRegion, pricesRead } from './money.ts';
import { instancePolicy, sharedUsagePolicy } from './policies.ts';

/** The load of docs/scale.md, without the number of verifications per second. */
export const defaultLoad: Omit<Load, 'verificationsPerSecond'> = {
  keys: 1_000_000,
  popularity: 0.8,
  run: 20,
  runSeconds: 5,
};

const rates = [1_000, 10_000, 100_000];

/** Both ways of counting usage, with their titles in tables. */
const policies: readonly (readonly [title: string, policy: Policy])[] = [
  ['without Redis', instancePolicy],
  ['with Redis', { ...instancePolicy, shared: sharedUsagePolicy }],
];

const demands = new Map<string, Demand>();

/** Returns the result of {@link simulate}. Tables with the same load share one simulation. */
export function simulated(load: Load, policy: Policy, instances?: number): Demand {
  const name = JSON.stringify([load, policy, instances]);
  const demand = demands.get(name) ?? simulate(load, policy, instances);
  demands.set(name, demand);
  return demand;
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Formats a number with two significant digits, because simulated numbers are not more precise. */
function rough(value: number): string {
  if (value < 0.01) return '0';
  return value < 1 ? value.toPrecision(1) : whole.format(Number(value.toPrecision(2)));
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Returns a Markdown table whose first column is text and whose other columns are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(row).join('\n');
}

const demandRows: readonly (readonly [title: string, (demand: Demand) => string])[] = [
  ['instances', ({ instances }) => whole.format(instances)],
  ['processor cores in use', ({ cores }) => rough(cores)],
  ['verifications with a cached key', ({ known }) => percent(known)],
  ['reads of keys/s', ({ keyReads }) => rough(keyReads)],
  ["reads of owners' totals/s", ({ totalsReads }) => rough(totalsReads)],
  ['additions of usage/s', ({ additions }) => rough(additions)],
  ['**Firestore reads/s**', ({ firestoreReads }) => rough(firestoreReads)],
  ['**Firestore writes/s**', ({ firestoreWrites }) => rough(firestoreWrites)],
  ['Redis commands/s', ({ redisCommands }) => rough(redisCommands)],
  ['owners stored at once by an instance', ({ largestFlush }) => rough(largestFlush)],
];

const billRows: readonly (readonly [title: string, (bill: Bill) => number])[] = [
  ['Cloud Run, billed by requests', ({ runByRequests }) => runByRequests],
  ['Cloud Run, billed by instance', ({ runByInstance }) => runByInstance],
  ['Firestore reads', ({ firestoreReads }) => firestoreReads],
  ['Firestore writes', ({ firestoreWrites }) => firestoreWrites],
  ['Memorystore for Valkey', ({ redis }) => redis],
  ['data sent to the internet', ({ egress }) => egress],
  ['**Sum, with the cheaper way of Cloud Run**', ({ sum }) => sum],
  ['not stored: request lines of valid keys', ({ requestLines }) => requestLines],
];

/** Returns a table of the resources and costs of loads, with a column for each load. */
function demandTable(
  columns: readonly { readonly title: string; readonly demand: Demand }[],
): string {
  const bills = columns.map(({ demand }) => billOf(demand));
  return table(
    ['verifications', ...columns.map(({ title }) => title)],
    [
      ...demandRows.map(([title, of]) => [title, ...columns.map(({ demand }) => of(demand))]),
      ...billRows.map(([title, of]) => [
        `${title}, $/month`,
        ...bills.map((bill) => whole.format(Number(of(bill).toPrecision(3)))),
      ]),
    ],
  );
}

/** Returns a table that compares both ways of counting usage under one load. */
export function tableOfLoad(load: Load, instances: number | undefined): string {
  return demandTable(
    policies.map(([title, policy]) => ({ title, demand: simulated(load, policy, instances) })),
  );
}

function ratesTable([, policy]: (typeof policies)[number]): string {
  return demandTable(
    rates.map((verificationsPerSecond) => ({
      title: `${whole.format(verificationsPerSecond)}/s`,
      demand: simulated({ ...defaultLoad, verificationsPerSecond }, policy),
    })),
  );
}

function operationsTable(): string {
  const { find, readTotals, addUsage } = firestoreCosts;
  const operations = [
    ['verify a key that the instance has cached', undefined, processorTimes.verification],
    ['read a key, for each pepper', find, processorTimes.keyRead],
    ["read an owner's totals", readTotals, processorTimes.totalsRead],
    ["add an owner's usage", addUsage, processorTimes.addition],
  ] as const;
  return table(
    ['operation', 'Firestore reads', 'Firestore writes', 'processor time, at most'],
    operations.map(([title, cost, seconds]) => [
      title,
      String(cost?.reads ?? 0),
      String(cost?.writes ?? 0),
      `${Math.round(seconds * 1e6)} µs`,
    ]),
  );
}

/** The rows of the table of Firestore writes: exponents of popularity. */
const popularities = [0.6, 0.8, 1];
/** The columns of that table: the intervals, in seconds, at which usage is stored. */
const intervals = [instancePolicy.usageInterval, sharedUsagePolicy.interval];

function intervalsTable(): string {
  const verificationsPerSecond = Math.max(...rates);
  const { instances } = simulated({ ...defaultLoad, verificationsPerSecond }, instancePolicy);
  return table(
    [
      'Firestore writes/s (owners at once)',
      ...intervals.map((seconds) => `stored every ${seconds} s`),
    ],
    popularities.map((popularity) => [
      `popularity ${popularity}`,
      ...intervals.map((usageInterval) => {
        const load = { ...defaultLoad, popularity, verificationsPerSecond };
        const demand = simulated(load, { ...instancePolicy, usageInterval }, instances);
        return `${rough(demand.firestoreWrites)} (${rough(demand.largestFlush)})`;
      }),
    ]),
  );
}

/** Returns the document with all tables inserted between its markers. */
export function withTables(document: string): string {
  const tables: Readonly<Record<string, () => string>> = {
    operations: operationsTable,
    alone: () => ratesTable(policies[0] as (typeof policies)[number]),
    together: () => ratesTable(policies[1] as (typeof policies)[number]),
    intervals: intervalsTable,
    prices: () => `List prices of ${priceRegion}, read on ${pricesRead}.`,
  };
  return Object.entries(tables).reduce(
    (text, [name, content]) =>
      text.replace(
        new RegExp(`(?<=<!-- ${name}: generated -->)[\\s\\S]*(?=<!-- /${name} -->)`),
        () => `\n\n${content()}\n\n`,
      ),
    document,
  );
}
