import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { breakEvenRate, costOf, usageOf, withCosts } from './costs.ts';

test('docs/deploy.md has the costs of the reviewed snapshots (if not: npx -y pnpm@12 generate)', () => {
  const document = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
  expect(document).toBe(withCosts(document));
  expect(document).toMatch(/^\| \*\*Sum\*\* \|/m);
});

test('a month costs what exceeds the free units, at the price of the list', () => {
  expect(costOf({ runRequests: 2_000_000 })).toBe(0);
  expect(costOf({ runRequests: 3_000_000, logging: 52 })).toBeCloseTo(0.4 + 1);
});

test('a node of Memorystore that has no price is reported, not left out', () => {
  const instance = {
    type: 'gcp:memorystore/instance:Instance',
    inputs: { nodeType: 'HIGHMEM_XLARGE' },
  };
  expect(() => usageOf([instance], { verificationsADay: 0 })).toThrow('HIGHMEM_XLARGE');
});

const serviceWith = (cpuIdle: boolean) => ({
  type: 'gcp:cloudrunv2/service:Service',
  inputs: {
    scaling: { minInstanceCount: 0 },
    template: {
      containers: [{ resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle }, envs: [] }],
    },
  },
});

test('a verification reads its key, the totals of the owner and the usage to which it adds, and writes the usage', () => {
  const service = serviceWith(true);
  const { 'Firestore: reads and writes': documents, 'Cloud Run: CPU and memory': instance } =
    usageOf([service], {
      verificationsADay: 1_000_000,
    });
  const verifications = 1_000_000 * (730 / 24);
  expect(documents).toEqual({
    firestoreReads: verifications * 3,
    firestoreWrites: verifications,
  });
  expect(instance).toEqual({
    runCpuActive: 730 * 3600,
    runCpuIdle: 0,
    runMemory: (730 * 3600) / 2,
  });
});

test('log entries that an exclusion drops cost nothing, and the documents have the cost of keeping them', () => {
  const exclusion = (log: string, disabled = false) => ({
    type: 'gcp:logging/projectExclusion:ProjectExclusion',
    inputs: { filter: `log_id("${log}") AND severity<WARNING`, ...(disabled && { disabled }) },
  });
  const requests = exclusion('run.googleapis.com/requests');
  const calls = exclusion('cloudaudit.googleapis.com/data_access');
  const gibibytes = (...exclusions: object[]) =>
    usageOf([serviceWith(true), ...(exclusions as (typeof requests)[])], {
      verificationsADay: 1_000_000,
    })['Logs, audit logs included']?.logging;
  const entries = (count: number) => (count * 1_000_000 * (730 / 24) * 1.2) / 2 ** 20;
  expect(gibibytes()).toBeCloseTo(entries(5));
  expect(gibibytes(requests)).toBeCloseTo(entries(4));
  expect(gibibytes(calls)).toBeCloseTo(entries(1));
  expect(gibibytes(requests, calls)).toBe(0);
  const text = (path: string) =>
    readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
  const dollars = `${costOf({ logging: gibibytes() ?? 0 }).toFixed(0)} dollars a month`;
  for (const path of ['deploy.md', 'decisions/0038-routine-log-entries-not-stored.md'])
    expect(text(path)).toContain(dollars);
  expect(gibibytes(exclusion('run.googleapis.com/requests', true))).toBeCloseTo(entries(5));
});

test('instance-based billing has no price for requests', () => {
  const usage = usageOf([serviceWith(false)], { verificationsADay: 1_000_000 });
  expect(usage['Cloud Run: CPU and memory']).toEqual({
    runInstanceCpu: 730 * 3600,
    runInstanceMemory: (730 * 3600) / 2,
  });
  expect(usage['Cloud Run: requests, data sent']?.runRequests).toBe(0);
});

test('the break-even is the rate at which both ways of billing cost the same', () => {
  // Requests that take no time cost only their own price and an idle instance:
  // 2.5e-6 + 0.5 * 2.5e-6 + rate * 4e-7 = 1.8e-5 + 0.5 * 2e-6.
  expect(breakEvenRate(0)).toBeCloseTo((1.9e-5 - 3.75e-6) / 4e-7);
  // An instance that is always busy costs 2.4e-5 + 0.5 * 2.5e-6, more than instance-based billing.
  expect(breakEvenRate(1000)).toBeLessThan(0.01);
});
