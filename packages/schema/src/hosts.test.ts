import { expect, test } from 'vitest';
import { basePath, publicHosts, publicUrl } from './hosts.ts';

test('the hosts are the published ones', () => {
  expect(publicUrl(publicHosts.prod)).toBe('https://andamio-api-308006323670.us-central1.run.app');
  expect(publicUrl(publicHosts.preprod)).toBe('https://andamio-api-preprod-308006323670.us-central1.run.app');
});

test('operations stand below the published path', () => {
  expect(basePath).toBe('/api/v1');
});

test('a host is one DNS label of at most 63 characters, with room for the tag of a revision', () => {
  for (const host of Object.values(publicHosts)) {
    expect(new URL(publicUrl(host)).host.split('.')[0]?.length).toBeLessThanOrEqual(63 - '---candidate'.length);
  }
});
