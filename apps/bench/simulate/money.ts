import { readFileSync } from 'node:fs';
import type { Demand } from './demand.ts';

interface Prices {
  readonly read: string;
  readonly region: string;
  readonly prices: Readonly<Record<string, { readonly usd: number } | undefined>>;
}

/** Google's list prices, shared with docs/deploy.md. The file contains their sources. */
const list: Prices = JSON.parse(
  readFileSync(new URL('../../../infra/costs/prices.json', import.meta.url), 'utf8'),
);

/** The region and the date of the prices. */
export const { region: priceRegion, read: pricesRead } = list;

function usd(name: string): number {
  const price = list.prices[name];
  if (price === undefined) throw new Error(`infra/costs/prices.json has no price named ${name}.`);
  return price.usd;
}

const hours = 730;
const seconds = hours * 3_600;

/** Memory of an instance with the default settings, in GiB. */
const memory = 0.5;

/** Size of a response of `verify` with its headers, in KiB. */
const sentKibibytes = 1;

/** Size of a line in Cloud Run's request log, in KiB. */
const lineKibibytes = 1.2;

/**
 * The utilization of a shard's processor, as a fraction, at which another shard is needed. A shard
 * runs all commands on one core, so commands wait for each other as the core becomes busy.
 */
const shardUtilization = 0.5;

/** Number of nodes in a shard: a primary and a replica. */
const nodes = 2;

/** A bill for one month, in US dollars. Free units are not subtracted. */
export interface Bill {
  readonly runByRequests: number;
  readonly runByInstance: number;
  readonly firestoreReads: number;
  readonly firestoreWrites: number;
  readonly redis: number;
  readonly egress: number;
  /** The sum of the items above, with the cheaper of Cloud Run's two billing modes. */
  readonly sum: number;
  /** The additional cost of storing the request log's lines about requests with valid keys. */
  readonly requestLines: number;
}

/** Returns the cost of meeting a demand for one month. */
export function billOf(demand: Demand): Bill {
  const up = demand.instances * seconds;
  const requests = demand.verifications * seconds;
  const gibibytes = (kibibytes: number) => (requests * kibibytes) / 2 ** 20;
  const shards = Math.ceil(demand.redisCores / shardUtilization);
  const runByRequests =
    up * (usd('runCpuActive') + memory * usd('runMemory')) + requests * usd('runRequests');
  const runByInstance = up * (usd('runInstanceCpu') + memory * usd('runInstanceMemory'));
  const others = {
    firestoreReads: demand.firestoreReads * seconds * usd('firestoreReads'),
    firestoreWrites: demand.firestoreWrites * seconds * usd('firestoreWrites'),
    redis: shards * nodes * hours * usd('valkeyStandardSmall'),
    egress: gibibytes(sentKibibytes) * usd('egress'),
  };
  return {
    runByRequests,
    runByInstance,
    ...others,
    sum:
      Object.values(others).reduce((sum, each) => sum + each, 0) +
      Math.min(runByRequests, runByInstance),
    requestLines: gibibytes(lineKibibytes) * usd('logging'),
  };
}
