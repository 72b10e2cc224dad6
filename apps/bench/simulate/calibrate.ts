import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { missingForEmulator } from '@andamio/testing/emulator';
import { missingForRedis, startRedis } from '@andamio/testing/redis';
import { waitFor } from '@andamio/testing/wait-for';
import { type Bench, withBench } from '../harness/bench.ts';
import { underLoad } from '../harness/load.ts';
import { processorTimeOf } from '../harness/processor-time.ts';
import { type Program, type Running, startProgram } from '../harness/program.ts';
import {
  issueKeys,
  serviceOnFirestore,
  serviceOnSqlite,
  verifyPath,
  verifyRequests,
} from '../harness/service.ts';
import {
  type Calibration,
  calibrationFile,
  committed,
  type ProcessorTimes,
} from './processor-times.ts';
import { measureRedis, type RedisServer } from './redis-times.ts';

const project = 'bench-calibrate';

/** Number of rounds that warm the service up. */
const warmUps = 2;

/** Number of measured rounds. */
const rounds = 4;

/** Shortest time for which the service can be configured to cache keys, in seconds. */
const cacheSeconds = 1;

/** Number of owners in a round that measures the first verifications of owners. */
const newOwners = 200;

async function withService<Result>(
  program: Program,
  { folder }: Bench,
  task: (service: Running) => Promise<Result>,
): Promise<Result> {
  const service = await startProgram(program, folder);
  try {
    return await task(service);
  } finally {
    await service.stop();
  }
}

/** Sends verifications, and returns the processor time of each, in microseconds. */
async function timeOf(service: Running, keys: readonly string[], amount: number): Promise<number> {
  const { processorTime } = await underLoad(service, verifyPath, verifyRequests(keys, amount));
  return processorTime as number;
}

/**
 * Measures several times after a warm-up, and returns the lowest result. Other programs on the
 * machine can only increase a processor time.
 */
async function lowestOf(measure: () => Promise<number>): Promise<number> {
  for (let round = 0; round < warmUps; round++) await measure();
  let lowest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) lowest = Math.min(lowest, await measure());
  return lowest;
}

/** Measures a verification with a cached key. The embedded store is not used meanwhile. */
function measureCached(bench: Bench, environment: Readonly<Record<string, string>>) {
  return withService(serviceOnSqlite(bench, environment), bench, async (service) => {
    const keys = await issueKeys(service.url, 100);
    return lowestOf(() => timeOf(service, keys, bench.amount(5_000)));
  });
}

/** Measures a verification with a key that is read from Firestore, of an owner who is known. */
async function measureUncached(service: Running, keys: readonly string[]): Promise<number> {
  return lowestOf(async () => {
    const time = await timeOf(service, keys, keys.length);
    await delay(1000 * cacheSeconds);
    return time;
  });
}

/** Returns the number of documents with usage in the emulator. */
async function storedUsage({ emulatorHost }: Bench): Promise<number> {
  const documents = `http://${emulatorHost}/v1/projects/${project}/databases/(default)/documents`;
  const response = await fetch(`${documents}:runAggregationQuery`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner' },
    body: JSON.stringify({
      structuredAggregationQuery: {
        structuredQuery: { from: [{ collectionId: 'usage' }] },
        aggregations: [{ alias: 'documents', count: {} }],
      },
    }),
  });
  if (!response.ok) throw new Error(`The emulator answered ${response.status}.`);
  const [{ result }] = (await response.json()) as [
    { result: { aggregateFields: { documents: { integerValue: string } } } },
  ];
  return Number(result.aggregateFields.documents.integerValue);
}

/**
 * Measures the first verification of each of several owners, and the addition of an owner's usage,
 * which follows within a few seconds.
 */
async function measureNewOwners(service: Running, bench: Bench) {
  const lowest = { first: Number.POSITIVE_INFINITY, addition: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 3; round++) {
    const keys = await issueKeys(service.url, newOwners, 1, `owner-of-round-${round}`);
    const all = (await storedUsage(bench)) + newOwners;
    const first = await timeOf(service, keys, newOwners);
    const outstanding = all - (await storedUsage(bench));
    const before = processorTimeOf(service.process.pid);
    await waitFor('usage to be stored', async () => (await storedUsage(bench)) >= all);
    const addition = (processorTimeOf(service.process.pid) - before) / outstanding;
    lowest.first = Math.min(lowest.first, first);
    lowest.addition = Math.min(lowest.addition, addition);
  }
  return lowest;
}

/** Times of verifications with cached keys. */
type Cached = Pick<ProcessorTimes, 'verification'> & Partial<ProcessorTimes>;

/** Measures the steps that use Firestore, with its emulator. */
async function measureOnFirestore(
  bench: Bench,
  { verification, verificationWithRedis }: Cached,
  redis: RedisServer | undefined,
): Promise<Partial<ProcessorTimes>> {
  const environment = { VERIFY_CACHE_SECONDS: `${cacheSeconds}` };
  const program = serviceOnFirestore(bench, project, environment);
  const { keys, ...times } = await withService(program, bench, async (service) => {
    // Few owners have many keys, so that storing usage takes little of the measured time.
    const issued = await issueKeys(service.url, 25, 20);
    const uncached = await measureUncached(service, issued);
    const { first, addition } = await measureNewOwners(service, bench);
    const keyRead = uncached - verification;
    return { keys: issued, keyRead, totalsRead: first - uncached, addition };
  });
  if (redis === undefined || verificationWithRedis === undefined) return times;
  const withRedis = serviceOnFirestore(bench, project, { ...environment, REDIS_URL: redis.url });
  const uncached = await withService(withRedis, bench, (service) => measureUncached(service, keys));
  return { ...times, keyReadWithRedis: uncached - verificationWithRedis };
}

/**
 * Measures processor times of the built service in about a minute.
 *
 * @param redis a Redis server that nothing else uses. Without one, its steps are not measured.
 * @returns the measured times. Those on Firestore are absent if the bench has no emulator.
 * @throws if the operating system is not Linux. Only Linux reports the times of other processes.
 */
export async function measureTimes(
  bench: Bench,
  redis: RedisServer | undefined,
): Promise<Partial<ProcessorTimes>> {
  if (Number.isNaN(processorTimeOf(process.pid)))
    throw new Error('Processor times can be measured on Linux only.');
  const cached = {
    verification: await measureCached(bench, {}),
    ...(redis && {
      verificationWithRedis: await measureCached(bench, { REDIS_URL: redis.url }),
      ...(await measureRedis(bench, redis)),
    }),
  };
  if (bench.emulatorHost === '') return cached;
  return { ...cached, ...(await measureOnFirestore(bench, cached, redis)) };
}

/**
 * Measures processor times of the built service, with a Redis server and a Firestore emulator if
 * this machine has them.
 *
 * @param log reports what is missing, in a line each.
 * @throws if the service is not built.
 */
export async function calibrate(log: (line: string) => void): Promise<Partial<ProcessorTimes>> {
  const service = fileURLToPath(new URL('../../api/dist', import.meta.url));
  if (!existsSync(`${service}/main.js`))
    throw new Error('The service is not built. Build it first: npx -y pnpm@12 build');
  const missing = { redis: missingForRedis(), emulator: missingForEmulator() };
  const isCommitted = 'was not measured in this run. It needs';
  if (missing.redis !== undefined)
    log(`Redis ${isCommitted} ${missing.redis} (on Debian: apt-get install redis-server).`);
  if (missing.emulator !== undefined)
    log(`Firestore ${isCommitted} the emulator: ${missing.emulator}.`);
  log('Measuring processor times...');
  const redis = missing.redis === undefined ? await startRedis() : undefined;
  try {
    const options = { service, quick: false, needsEmulator: missing.emulator === undefined };
    return await withBench(options, (bench) => measureTimes(bench, redis));
  } finally {
    await redis?.stop();
  }
}

/**
 * Saves measured processor times as the committed ones.
 *
 * @throws if some are missing. All of them should come from the same machine.
 */
export function save(times: Partial<ProcessorTimes>): void {
  const missing = Object.keys(committed.microseconds).filter((step) => !(step in times));
  if (missing.length > 0)
    throw new Error(`Not saved, because not measured: ${missing.join(', ')}.`);
  const calibration = {
    measured: new Date().toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' }),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model}, Node.js ${process.version}`,
    microseconds: Object.fromEntries(
      Object.entries(times).map(([step, time]) => [step, Math.round(time)]),
    ) as Record<keyof ProcessorTimes, number>,
  } satisfies Calibration;
  writeFileSync(calibrationFile, `${JSON.stringify(calibration, undefined, 2)}\n`);
}
