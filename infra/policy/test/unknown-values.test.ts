import { expect, test } from 'vitest';
import { noDefaultServiceAccounts, noPublicMembers } from '../rules/identity.ts';
import { imageDigests, noPlainSecrets } from '../rules/run-workloads.ts';
import { container, service, serviceWith, template } from './cases/cases.ts';
import { unknown, violationsOf } from './harness/violations.ts';

const binding = (...members: string[]) => ({
  type: 'gcp:storage/bucketIAMBinding:BucketIAMBinding',
  props: { role: unknown, members },
});

test('a public member is refused next to an unknown member', async () => {
  expect(await violationsOf(noPublicMembers, [binding(unknown, 'allUsers')])).toHaveLength(1);
  expect(await violationsOf(noDefaultServiceAccounts, [binding(unknown)])).toEqual([]);
});

test('an image without a digest is refused next to an unknown image', async () => {
  const containers = [
    { ...container, image: unknown },
    { ...container, image: 'sidecar' },
  ];
  expect(
    await violationsOf(imageDigests, [service({ template: { ...template, containers } })]),
  ).toHaveLength(1);
});

test('a plain secret is refused even if its value is unknown', async () => {
  const envs = [
    { name: unknown, value: 'v' },
    { name: 'REDIS_URL', value: unknown },
  ];
  expect(await violationsOf(noPlainSecrets, [serviceWith({ envs })])).toHaveLength(1);
});
