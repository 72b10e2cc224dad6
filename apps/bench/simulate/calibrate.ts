import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { collections } from '@andamio/schema/firestore-layout';
import { missingForEmulator } from '@andamio/testing/emulator';
import { missingForRedis, startRedis } from '@andamio/testing/redis';
import { waitFor } from '@andamio/testing/wait-for';
import { Firestore } from '@google-cloud/firestore';
import { type Bench, withBench } from '../harness/bench.ts';
import { underLoad } from '../harness/load.ts';
import { withProcesses } from '../harness/processes.ts';
import { processorTimeOf } from '../harness/processor-time.ts';
import type { Running } from '../harness/program.ts';
import {
  issueKeys,
  serviceOnFirestore,
  serviceOnSqlite,
  verifyPath,
  verifyRequests,
} from '../harness/service.ts';
import { type Calibration, calibrationFile, type ProcessorTimes } from './processor-times.ts';
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
  return withProcesses(bench, async ({ start }) => {
    const service = await start(serviceOnSqlite(bench, environment));
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

/**
 * Measures the first verification of each of several owners, and the addition of an owner's usage,
 * which follows within a few seconds.
 */
async function measureNewOwners(service: Running, firestore: Firestore) {
  const usage = firestore.collection(collections.usage.id).count();
  const stored = async () => (await usage.get()).data().count;
  const lowest = { first: Number.POSITIVE_INFINITY, addition: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 3; round++) {
    const keys = await issueKeys(service.url, newOwners, 1, `owner-of-round-${round}`);
    const all = (await stored()) + newOwners;
    const first = await timeOf(service, keys, newOwners);
    const outstanding = all - (await stored());
    const before = processorTimeOf(service.process.pid);
    await waitFor('usage to be stored', async () => (await stored()) >= all);
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
  const firestore = new Firestore({
    projectId: project,
    host: bench.emulatorHost,
    ssl: false,
    // Without this option, the library searches for credentials.
    clientOptions: { universeDomain: 'googleapis.com' },
  });
  const { keys, ...times } = await withProcesses(bench, async ({ start }) => {
    const service = await start(serviceOnFirestore(bench, project, environment));
    // Few owners have many keys, so that storing usage takes little of the measured time.
    const issued = await issueKeys(service.url, 25, 20);
    const uncached = await measureUncached(service, issued);
    const { first, addition } = await measureNewOwners(service, firestore);
    const keyRead = uncached - verification;
    return { keys: issued, keyRead, totalsRead: first - uncached, addition };
  }).finally(() => firestore.terminate());
  if (redis === undefined || verificationWithRedis === undefined) return times;
  const uncached = await withProcesses(bench, async ({ start }) => {
    const withRedis = { ...environment, REDIS_URL: redis.url };
    return measureUncached(await start(serviceOnFirestore(bench, project, withRedis)), keys);
  });
  return { ...times, keyReadWithRedis: uncached - verificationWithRedis };
}

/**
 * Measures processor times of the built service in about a minute.
 *
 * @param redis a Redis server that nothing else uses. Without one, its steps are not measured.
 * @returns the measured times. Those on Firestore are absent if the bench has no emulator.
 */
export async function measureTimes(
  bench: Bench,
  redis: RedisServer | undefined,
): Promise<Partial<ProcessorTimes>> {
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

/** Saves measured processor times as the committed ones. */
function save(times: ProcessorTimes): void {
  const calibration = {
    measured: new Date().toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' }),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model}, Node.js ${process.version}`,
    microseconds: Object.fromEntries(
      Object.entries(times).map(([step, time]) => [step, Math.round(time)]),
    ) as Record<keyof ProcessorTimes, number>,
  } satisfies Calibration;
  writeFileSync(calibrationFile, `${JSON.stringify(calibration, undefined, 2)}\n`);
}

/** Options of {@link calibrate}. */
interface CalibrationOptions {
  /** Reports what is missing and what is done, in a line each. */
  log(line: string): void;
  /** Saves the measured times as the committed ones. */
  readonly saves: boolean;
}

/**
 * Measures processor times of the built service, with a Redis server and a Firestore emulator if
 * this machine has them.
 *
 * @throws before the measurement, if the operating system is not Linux, the service is not built,
 *   or times should be saved and some of them cannot be measured. All committed times come from the
 *   same machine.
 */
export async function calibrate({
  log,
  saves,
}: CalibrationOptions): Promise<Partial<ProcessorTimes>> {
  // Only Linux reports the times of other processes.
  if (Number.isNaN(processorTimeOf(process.pid)))
    throw new Error('Processor times can be measured on Linux only.');
  const missing = { redis: missingForRedis(), emulator: missingForEmulator() };
  const needs = [
    missing.redis && `Redis needs ${missing.redis} (on Debian: apt-get install redis-server).`,
    missing.emulator && `Firestore's emulator needs ${missing.emulator}.`,
  ].filter((line) => line !== undefined);
  if (saves && needs.length > 0)
    throw new Error(`Times are saved only if all of them can be measured. ${needs.join(' ')}`);
  for (const line of needs) log(`${line} Its committed times are used.`);
  log('Measuring processor times...');
  const redis = missing.redis === undefined ? await startRedis() : undefined;
  try {
    const options = { quick: false, needsEmulator: missing.emulator === undefined };
    const times = await withBench(options, (bench) => measureTimes(bench, redis));
    if (saves) save(times as ProcessorTimes); // With all tools, all times have been measured.
    return times;
  } finally {
    await redis?.stop();
  }
}
