import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { costOf, usageOf, withCosts } from './costs.ts';

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

test('verifications pay for requests, reads, writes and log entries', () => {
  const service = {
    type: 'gcp:cloudrunv2/service:Service',
    inputs: {
      scaling: { minInstanceCount: 0 },
      template: {
        containers: [{ resources: { limits: { cpu: '1', memory: '512Mi' } }, envs: [] }],
      },
    },
  };
  const { 'Firestore: reads and writes': documents, 'Cloud Run: CPU and memory': instance } =
    usageOf([service], {
      verificationsADay: 1_000_000,
    });
  const verifications = 1_000_000 * (730 / 24);
  expect(documents).toEqual({
    firestoreReads: verifications * 2,
    firestoreWrites: verifications,
  });
  expect(instance).toEqual({
    runCpuActive: 730 * 3600,
    runCpuIdle: 0,
    runMemory: (730 * 3600) / 2,
  });
});
