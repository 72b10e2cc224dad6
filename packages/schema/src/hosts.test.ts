import { expect, test } from 'vitest';
import { basePath, publicHosts, publicUrl } from './hosts.ts';

test('the hosts are those of the contract', () => {
  expect(publicUrl(publicHosts.prod)).toBe('https://andamio-api-308006323670.us-central1.run.app');
  expect(publicUrl(publicHosts.preprod)).toBe(
    'https://andamio-api-preprod-308006323670.us-central1.run.app',
  );
});

test('the base path is that of the contract', () => {
  expect(basePath).toBe('/api/v1');
});

test("a host's first DNS label has room for a revision tag within its 63 characters", () => {
  for (const host of Object.values(publicHosts)) {
    expect(new URL(publicUrl(host)).host.split('.')[0]?.length).toBeLessThanOrEqual(
      63 - '---candidate'.length,
    );
  }
});
