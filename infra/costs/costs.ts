import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import list from './prices.json' with { type: 'json' };

/** Google's list price of one billing unit. */
interface Price {
  readonly what: string;
  readonly per: string;
  readonly usd: number;
  /** Units per month that are free of charge. */
  readonly free?: number;
  readonly source: string;
  /**
   * True if the price is not taken from Google's price page, but from published estimates that
   * quote Google's price.
   */
  readonly quoted?: boolean;
}

type PriceName = keyof typeof list.prices;

const prices: Readonly<Record<PriceName, Price>> = list.prices;

/** Units used per month, by price. */
export type Usage = Readonly<Partial<Record<PriceName, number>>>;

export interface Load {
  readonly verificationsADay: number;
}

interface Resource {
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

const hours = 730;
const seconds = hours * 3600;
const days = hours / 24;

/**
 * The Firestore calls of a verification that finds nothing in a cache: the key is read, the totals
 * of its owner are read, and the owner's usage is added.
 */
const firestore = Object.values(firestoreCosts);

/**
 * Assumed usage per verification. The values are upper bounds: nothing is cached, and the usage of
 * each owner is added separately.
 */
const perVerification = {
  documentsRead: sumOf(firestore.map(({ reads }) => reads)),
  documentsWritten: sumOf(firestore.map(({ writes }) => writes)),
  /** The line in Cloud Run's request log, unless the service's log exclusion drops it. */
  requestLogEntries: 1,
  /** One for each call to Firestore, unless the service's log exclusion drops them. */
  auditLogEntries: sumOf(firestore.map(({ calls }) => calls)),
  kibibytesALogEntry: 1.2,
  kibibytesSent: 1,
} as const;

/** Default number of regions from which Google runs an uptime check. */
const checkedFrom = 6;

const nodePrices: Readonly<Record<string, PriceName>> = {
  CUSTOM_PICO: 'valkeyCustomPico',
  STANDARD_SMALL: 'valkeyStandardSmall',
};

function nodePrice(type: unknown): PriceName {
  const name = nodePrices[String(type)];
  if (name === undefined)
    throw new Error(`costs/prices.json has no price for a Memorystore node ${type}.`);
  return name;
}

const gibibytes = (kibibytes: number) => kibibytes / 2 ** 20;

/** Returns a stack's monthly usage, by row of the cost table. */
export function usageOf(
  resources: readonly Resource[],
  { verificationsADay }: Load,
): Readonly<Record<string, Usage>> {
  const all = (type: string) =>
    resources.filter((each) => each.type === type).map(({ inputs }) => inputs ?? {});
  const [service] = all('gcp:cloudrunv2/service:Service') as unknown as {
    scaling: { minInstanceCount: number };
    template: {
      containers: {
        resources: { limits: { cpu: string; memory: string }; cpuIdle: boolean };
        envs: { valueSource?: unknown }[];
      }[];
    };
  }[];
  const checks =
    all('gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig').length * checkedFrom * hours * 60;
  // Google charges for alert conditions on metrics, but not for conditions on log entries.
  const conditions = all('gcp:monitoring/alertPolicy:AlertPolicy')
    .flatMap(({ conditions }) => conditions as object[])
    .filter((condition) => 'conditionThreshold' in condition);
  const verifications = verificationsADay * days;
  const [container] = service?.template.containers ?? [];
  const perRequest = container?.resources.cpuIdle ?? true;
  const vCpus = Number(container?.resources.limits.cpu ?? 0);
  const memory = Number.parseInt(container?.resources.limits.memory ?? '0', 10) / 1024;
  // Under load, one instance is assumed to be active at all times. Without load, each uptime check
  // activates an instance for the minimum charge of 100 ms.
  const active = verifications > 0 ? seconds : checks / 10;
  const up = Math.max((service?.scaling.minInstanceCount ?? 0) * seconds, active);
  const stored = service === undefined ? 0 : verifications > 0 ? 1 : 0.1;
  const excluded = all('gcp:logging/projectExclusion:ProjectExclusion')
    .filter(({ disabled }) => !disabled)
    .map(({ filter }) => String(filter));
  const logged = (log: string) => (excluded.some((filter) => filter.includes(log)) ? 0 : 1);
  const requestsLogged = logged('run.googleapis.com/requests');
  const callsLogged = logged('cloudaudit.googleapis.com/data_access');
  const keys = all('gcp:kms/cryptoKey:CryptoKey').length;
  const registries = all('gcp:artifactregistry/repository:Repository').length;
  const nodes = all('gcp:memorystore/instance:Instance').map(
    ({ nodeType, replicaCount, shardCount }): Usage => ({
      [nodePrice(nodeType)]: Number(shardCount ?? 1) * (1 + Number(replicaCount ?? 0)) * hours,
    }),
  );

  return {
    'Cloud Run: CPU and memory': perRequest
      ? {
          runCpuActive: active * vCpus,
          runCpuIdle: (up - active) * vCpus,
          runMemory: up * memory,
        }
      : { runInstanceCpu: up * vCpus, runInstanceMemory: up * memory },
    'Cloud Run: requests, data sent': {
      runRequests: perRequest ? checks + verifications : 0,
      egress: gibibytes(verifications * perVerification.kibibytesSent),
    },
    'Firestore: reads and writes': {
      // Each uptime check calls the readiness endpoint, which reads one document.
      firestoreReads: checks + verifications * perVerification.documentsRead,
      firestoreWrites: verifications * perVerification.documentsWritten,
    },
    'Firestore: data, point-in-time recovery, backups': {
      firestoreStorage: 2 * stored,
      // Seven daily and 14 weekly backups.
      firestoreBackups: 21 * stored,
    },
    'Memorystore for Valkey': Object.assign({}, ...nodes),
    'Logs, audit logs included': {
      logging: gibibytes(
        // Each uptime check causes a line in the request log, which no exclusion drops, and an
        // audit log entry for its read.
        (checks * (1 + callsLogged) +
          verifications *
            (requestsLogged * perVerification.requestLogEntries +
              callsLogged * perVerification.auditLogEntries)) *
          perVerification.kibibytesALogEntry,
      ),
    },
    'Uptime checks and alerts': { uptimeChecks: checks, alertConditions: conditions.length },
    'Secret Manager, Cloud KMS': {
      secretVersions:
        container?.envs.filter(({ valueSource }) => valueSource !== undefined).length ?? 0,
      kmsKeyVersions: keys,
    },
    // Images share their base layers, so each release adds only its bundle. Four releases a month
    // are assumed.
    'Artifact Registry, scans of images': {
      registryStorage: registries * 0.2,
      imageScans: registries * 4,
    },
  };
}

/** Returns the monthly cost in US dollars, after subtracting free units. */
export function costOf(usage: Usage): number {
  return sumOf(
    Object.entries(usage).map(([name, units]) => {
      const { usd, free = 0 } = prices[name as PriceName];
      return Math.max(0, units - free) * usd;
    }),
  );
}

const columns = [
  ['`dev`, idle', 'dev', 0],
  ['`shared`', 'shared', 0],
  ['`preprod`, idle', 'preprod', 0],
  ['`prod`, idle', 'prod', 0],
  ['`prod`, 1 M verifications a day', 'prod', 1_000_000],
] as const;

const dollars = (amount: number) => (amount < 0.005 ? '0' : amount.toFixed(2));

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Returns a Markdown table of monthly costs, by stack and resource. */
function costsTable(): string {
  const usages = columns.map(([, stack, verificationsADay]) => {
    const file = join(import.meta.dirname, `../test/snapshots/${stack}.json`);
    return usageOf(JSON.parse(readFileSync(file, 'utf8')), { verificationsADay });
  });
  const lines = Object.keys(usages[0] as object);
  const costs = usages.map((usage) => lines.map((line) => costOf(usage[line] as Usage)));
  return [
    row(['US dollars a month', ...columns.map(([title]) => title)]),
    row(['---', ...columns.map(() => '---:')]),
    ...lines.map((line, index) =>
      row([line, ...costs.map((column) => dollars(column[index] as number))]),
    ),
    row(['**Sum**', ...costs.map((column) => `**${dollars(sumOf(column))}**`)]),
  ].join('\n');
}

/**
 * Returns the request rate above which instance-based billing (`cpuIdle: false`) costs less than
 * request-based billing, for an instance that is always up. Requests arrive independently of each
 * other, so the instance is busy for `1 - exp(-rate * seconds)` of the time.
 *
 * @param latency mean duration of a request in seconds
 * @returns requests per second of one instance with one vCPU and 512 MiB. Free units are ignored.
 */
export function breakEvenRate(latency: number): number {
  const memory = 0.5;
  const perInstance = prices.runInstanceCpu.usd + memory * prices.runInstanceMemory.usd;
  const byRequests = (rate: number) => {
    const busy = 1 - Math.exp(-rate * latency);
    return (
      busy * prices.runCpuActive.usd +
      (1 - busy) * prices.runCpuIdle.usd +
      memory * prices.runMemory.usd +
      rate * prices.runRequests.usd
    );
  };
  // The cost of request-based billing grows with the rate, so the break-even is found by bisection.
  let [low, high] = [0, 1000];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (byRequests(middle) < perInstance) low = middle;
    else high = middle;
  }
  return high;
}

/** The columns of the break-even table: mean durations of a request, in milliseconds. */
const latencies = [1, 5, 20, 50, 100];

/** Returns a Markdown table of the request rates above which instance-based billing costs less. */
function breakEvenTable(): string {
  return [
    row(['mean duration of a request', ...latencies.map((latency) => `${latency} ms`)]),
    row(['---', ...latencies.map(() => '---:')]),
    row([
      'requests/s of one instance',
      ...latencies.map((latency) => breakEvenRate(latency / 1000).toFixed(0)),
    ]),
  ].join('\n');
}

/** Returns a Markdown table of prices with their sources. */
function pricesTable(): string {
  const lines = Object.values(prices).map(({ what, per, usd, free, source, quoted }) =>
    row([
      what,
      per,
      `${usd.toLocaleString('en-US', { maximumFractionDigits: 8 })}${quoted ? ' *' : ''}`,
      free ? free.toLocaleString('en-US') : '',
      `<${source}>`,
    ]),
  );
  return [
    row(['price', 'per', 'USD', 'free a month', 'source']),
    '| --- | --- | ---: | ---: | --- |',
    ...lines,
  ].join('\n');
}

/** Returns the document with the tables inserted between its markers. */
export function withCosts(document: string): string {
  const origin = `List prices of ${list.region}, read on ${list.read} in copies of Google's pages, and where a star
stands, in published estimates of 2026 that quote them. Check the source before you rely on one.`;
  const tables = `\n\n${costsTable()}\n\n${origin}\n\n${pricesTable()}\n\n`;
  return document
    .replace(/(?<=<!-- costs: generated -->)[\s\S]*(?=<!-- \/costs -->)/, () => tables)
    .replace(
      /(?<=<!-- break-even: generated -->)[\s\S]*(?=<!-- \/break-even -->)/,
      () => `\n\n${breakEvenTable()}\n\n`,
    );
}
