import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import { type Demand, type Policy, simulate } from './demand.ts';
import { withJournals } from './journals.ts';
import type { Load } from './load.ts';
import { type Bill, billOf, priceRegion, pricesRead } from './money.ts';
import { instancePolicy, policyWithRedis, sharedUsagePolicy } from './policies.ts';
import { committed, completed, type ProcessorTimes } from './processor-times.ts';

/** The load of docs/scale.md, without the number of verifications per second. */
export const defaultLoad: Omit<Load, 'verificationsPerSecond'> = {
  keys: 1_000_000,
  popularity: 0.8,
  run: 20,
  runSeconds: 5,
};

/** The loads of docs/scale.md. */
const loads: readonly Load[] = [1_000, 10_000, 100_000].map((verificationsPerSecond) => ({
  ...defaultLoad,
  verificationsPerSecond,
}));

/** Both ways of counting usage, with their titles in tables. */
const policies: readonly (readonly [title: string, policy: Policy])[] = [
  ['without Redis', instancePolicy],
  ['with Redis', policyWithRedis],
];

const demands = new Map<string, Demand>();

/** Returns the result of {@link simulate}. Tables with the same load share one simulation. */
export function simulated(
  load: Load,
  policy: Policy,
  instances?: number,
  times: ProcessorTimes = committed.microseconds,
): Demand {
  const name = JSON.stringify([load, policy, instances, times]);
  const demand = demands.get(name) ?? simulate(load, policy, instances, times);
  demands.set(name, demand);
  return demand;
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Formats a number with two significant digits, because simulated numbers are not more precise. */
function rough(value: number): string {
  if (value < 0.01) return '0';
  return value < 1 ? value.toPrecision(1) : whole.format(Number(value.toPrecision(2)));
}

/** Formats a price with three significant digits. */
const dollars = (value: number) => whole.format(Number(value.toPrecision(3)));

/** Formats a processor time. Undefined if a step does not take place. */
const micros = (value: number | undefined) => (value === undefined ? '' : whole.format(value));

/** Returns the title of a load's column. */
const titleOf = ({ verificationsPerSecond }: Load) => `${whole.format(verificationsPerSecond)}/s`;

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
  ['Redis processor cores in use', ({ redisCores }) => rough(redisCores)],
  ['owners stored at once by an instance', ({ largestFlush }) => rough(largestFlush)],
];

const billRows: readonly (readonly [title: string, (bill: Bill) => number])[] = [
  ['Cloud Run, billed by requests', ({ runByRequests }) => runByRequests],
  ['Cloud Run, billed by instance', ({ runByInstance }) => runByInstance],
  ['Firestore reads', ({ firestoreReads }) => firestoreReads],
  ['Firestore writes', ({ firestoreWrites }) => firestoreWrites],
  ['Memorystore for Valkey', ({ redis }) => redis],
  ['data sent to the internet', ({ egress }) => egress],
  ['**Sum, with the cheaper billing of Cloud Run**', ({ sum }) => sum],
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
        ...bills.map((bill) => dollars(of(bill))),
      ]),
    ],
  );
}

/**
 * Returns a table that compares both ways of counting usage under one load.
 *
 * @param instances the number of instances. By default, as many as Cloud Run starts.
 * @param measured processor times that replace the committed ones
 */
export function tableOfLoad(
  load: Load,
  instances: number | undefined,
  measured: Partial<ProcessorTimes>,
): string {
  const times = completed(measured);
  return demandTable(
    policies.map(([title, policy]) => ({
      title,
      demand: simulated(load, policy, instances, times),
    })),
  );
}

const steps: readonly (readonly [title: string, step: keyof ProcessorTimes])[] = [
  ['verify a key that the instance has cached', 'verification'],
  ['the same, with Redis', 'verificationWithRedis'],
  ['read a key', 'keyRead'],
  ['the same, with Redis', 'keyReadWithRedis'],
  ["read an owner's totals", 'totalsRead'],
  ["add an owner's usage", 'addition'],
  ['Redis: verify a key that the instance has cached', 'redisVerification'],
  ['Redis: read a key', 'redisKeyRead'],
];

/** Returns a table of processor times that shows when each was measured. */
export function timesTable(measured: Partial<ProcessorTimes>): string {
  const times = completed(measured);
  return table(
    ['step', 'processor time in µs', 'measured'],
    steps.map(([title, step]) => [
      title,
      micros(times[step]),
      measured[step] === undefined ? `${committed.measured} (committed)` : 'in this run',
    ]),
  );
}

function ratesTable(policy: Policy): string {
  return demandTable(
    loads.map((load) => ({ title: titleOf(load), demand: simulated(load, policy) })),
  );
}

function operationsTable(): string {
  const { find, readTotals, addUsage } = firestoreCosts;
  const none = { reads: 0, writes: 0 };
  const { microseconds: times } = committed;
  const operations = [
    [
      'verify a key that the instance has cached',
      none,
      [times.verification, times.verificationWithRedis, times.redisVerification],
    ],
    [
      'read a key, for each pepper',
      find,
      [times.keyRead, times.keyReadWithRedis, times.redisKeyRead],
    ],
    ["read an owner's totals", readTotals, [times.totalsRead, times.totalsRead]],
    ["add an owner's usage", addUsage, [times.addition, times.addition]],
  ] as const;
  const columns = ['time without Redis', 'time with Redis', "Redis's time"];
  return table(
    ['operation', 'Firestore reads', 'Firestore writes', ...columns],
    operations.map(([title, { reads, writes }, microseconds]) => [
      ...[title, `${reads}`, `${writes}`],
      ...columns.map((_, index) => micros(microseconds[index])),
    ]),
  );
}

/** Returns a paragraph with the origin of the committed processor times, and what follows from them. */
function machineText(): string {
  const { machine, measured, microseconds: times } = committed;
  const rate = (microseconds: number) => rough(1e6 / microseconds);
  const text = [
    `Measured on ${measured} on ${machine}. With cached keys, a core of the service verifies`,
    `${rate(times.verification)} requests/s without Redis, and ${rate(times.verificationWithRedis)}`,
    `with Redis. The core of a Redis process counts ${rate(times.redisVerification)} of them.`,
  ].join(' ');
  return text.replaceAll(/(.{1,100})(?: |$)/g, '$1\n').trimEnd();
}

/** Returns a table that compares ways to store usage. One of them is not built. */
function waysTable(): string {
  const ways: readonly (readonly [title: string, (load: Load) => Demand])[] = [
    ['without Redis', (load) => simulated(load, instancePolicy)],
    ['without Redis, with journals', (load) => withJournals(load, simulated(load, instancePolicy))],
    ['with Redis', (load) => simulated(load, policyWithRedis)],
  ];
  const writes = ({ firestoreWrites }: Demand) => rough(firestoreWrites);
  return table(
    ['verifications', ...loads.map(titleOf)],
    [
      ...ways.map(([title, of]) => [
        `Firestore writes/s ${title}`,
        ...loads.map((load) => writes(of(load))),
      ]),
      ...ways.map(([title, of]) => [
        `Sum ${title}, $/month`,
        ...loads.map((load) => dollars(billOf(of(load)).sum)),
      ]),
    ],
  );
}

/** The rows of the table of Firestore writes: exponents of popularity. */
const popularities = [0.6, 0.8, 1];
/** The columns of that table: the intervals, in seconds, at which usage is stored. */
const intervals = [instancePolicy.usageInterval, sharedUsagePolicy.interval];

function intervalsTable(): string {
  const busiest = loads.at(-1) as Load;
  const { instances } = simulated(busiest, instancePolicy);
  return table(
    [
      'Firestore writes/s (owners at once)',
      ...intervals.map((seconds) => `stored every ${seconds} s`),
    ],
    popularities.map((popularity) => [
      `popularity ${popularity}`,
      ...intervals.map((usageInterval) => {
        const load = { ...busiest, popularity };
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
    alone: () => ratesTable(instancePolicy),
    together: () => ratesTable(policyWithRedis),
    intervals: intervalsTable,
    ways: waysTable,
    machine: machineText,
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
