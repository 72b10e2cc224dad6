import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import type { Google } from './google/client.ts';
import { engineIsHere } from './harness/requirements.ts';
import { github, remaining, type StackName } from './harness/settings.ts';
import { changes, deployed, refusal } from './harness/stack.ts';

interface InState {
  readonly urn: string;
  readonly protect?: boolean;
}

async function protectedResources(stack: Stack): Promise<(string | undefined)[]> {
  const { deployment } = await stack.exportStack();
  return (deployment.resources as InState[])
    .filter(({ protect }) => protect)
    .map(({ urn }) => urn.split('::').at(-1))
    .sort();
}

/** Returns the types of all resources on Google, with their numbers. */
async function inventory(google: Google): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type } of await google.resources()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

type Change = Readonly<Record<string, string | undefined>>;

/** Changes the settings of a stack. A setting without a value is removed. */
async function change({ name, workspace }: Stack, settings: Change): Promise<void> {
  const { config = {} } = await workspace.stackSettings(name);
  const changed = Object.entries(settings).map(([key, value]) => [`andamio:${key}`, value]);
  const next = { ...config, ...Object.fromEntries(changed) };
  await workspace.saveStackSettings(name, {
    config: Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)),
  });
}

const withoutGitHub = Object.fromEntries(Object.keys(github).map((key) => [key, undefined]));

/** Changes that take settings back, and types of resources that no longer exist afterward. */
const takenBack: readonly [
  stack: StackName,
  title: string,
  settings: Change,
  gone: readonly string[],
][] = [
  ['prod', 'alertEmail', { alertEmail: undefined }, ['gcp:monitoring/notificationChannel']],
  [
    'prod',
    'the github keys',
    { ...withoutGitHub, githubEnvironment: undefined },
    ['gcp:cloudrunv2/serviceIamMember', 'gcp:cloudrunv2/jobIamMember'],
  ],
  ['prod', 'jwksUrl', { jwksUrl: undefined, jwtSecretsVersion: '1' }, []],
  ['shared', 'sharedRateLimits', { sharedRateLimits: 'false' }, []],
  ['shared', 'billingAccount', { billingAccount: undefined }, ['gcp:billing/budget']],
  ['shared', 'stateBucket', { stateBucket: undefined }, ['gcp:storage/bucketIAMMember']],
  ['shared', 'the github keys', withoutGitHub, []],
  [
    'shared',
    'requireAttestation',
    { requireAttestation: 'false' },
    ['gcp:binaryauthorization/policy', 'gcp:binaryauthorization/attestor'],
  ],
];

const jwtSecrets = 'projects/documented-project/secrets/andamio-api-jwt-secrets';

describe.skipIf(!engineIsHere)('a protected stack', () => {
  test.each(takenBack)(
    '%s removes the resources of %s when the setting is taken back, and adds them again',
    async (name, _title, settings, gone) => {
      const { google, stack } = await deployed(name);
      await google.addSecretVersion(jwtSecrets, 'a value');
      const before = await inventory(google);
      const original = await stack.workspace.stackSettings(name);

      await change(stack, settings);
      expect((await stack.up()).summary.resourceChanges?.delete).toBeGreaterThan(0);
      const types = Object.keys(await inventory(google));
      for (const type of gone) expect(types.filter((each) => each.startsWith(type))).toEqual([]);
      expect(changes((await stack.up()).summary)).toEqual({});

      await stack.workspace.saveStackSettings(name, original);
      expect((await stack.up()).summary.resourceChanges?.create).toBeGreaterThan(0);
      expect(await inventory(google)).toEqual(before);
      expect(changes((await stack.up()).summary)).toEqual({});
    },
  );

  test('prod accepts a JWT secret and a guard secret, and removes their grants when they are taken back', async () => {
    const { google, stack } = await deployed('prod');
    const before = await inventory(google);
    await google.addSecretVersion(jwtSecrets, 'a value');
    const guards = 'projects/documented-project/secrets/andamio-api-guard-secrets';
    await google.addSecretVersion(guards, 'a value');
    await change(stack, { jwksUrl: undefined, jwtSecretsVersion: '1', guardSecretsVersion: '1' });
    await stack.up();
    const { jwksUrl } = remaining.prod;
    await change(stack, { jwksUrl, jwtSecretsVersion: undefined, guardSecretsVersion: undefined });
    await stack.up();
    expect(await inventory(google)).toEqual(before);
  });

  test('prod removes its shared rate limits, except the subnetwork, which Cloud Run holds for two hours', async () => {
    const { google, stack } = await deployed('prod');
    await change(stack, { sharedRateLimits: 'false' });
    expect(await refusal(stack.up())).toContain('serverless-ipv4');
    const left = async () => Object.keys(await inventory(google)).join();
    expect(await left()).not.toContain('memorystore');
    expect(await left()).toContain('gcp:compute/subnetwork');
    await google.pass(7200);
    await stack.up();
    expect(await left()).not.toContain('gcp:compute');
    await change(stack, { sharedRateLimits: 'true' });
    await stack.up();
    expect(await left()).toContain('memorystore');
  });

  test('protects the data and the public host, and nothing else', async () => {
    const prod = await deployed('prod');
    expect(await protectedResources(prod.stack)).toEqual([
      'backup-daily',
      'backup-weekly',
      'firestore',
      'service',
    ]);
    const shared = await deployed('shared');
    expect(await protectedResources(shared.stack)).toEqual(['images']);
    for (const name of ['dev', 'preprod'] as const)
      expect(await protectedResources((await deployed(name)).stack)).toEqual([]);
  });

  test('refuses in the preview to be destroyed, so that nothing is deleted', async () => {
    for (const name of ['prod', 'shared'] as const) {
      const { google, stack } = await deployed(name);
      await google.forgetCalls();
      expect(await refusal(stack.previewDestroy())).toContain('because it is protected');
      expect(await google.calls()).toEqual([]);
    }
  });

  test('keeps its data and its host even if the preview is skipped, and `up` restores the rest', async () => {
    const { google, stack } = await deployed('prod');
    const before = await inventory(google);
    expect(await refusal(stack.destroy({ continueOnError: true }))).toMatch(/protect/);
    const left = await inventory(google);
    for (const type of [
      'gcp:firestore/database:Database',
      'gcp:firestore/backupSchedule:BackupSchedule',
      'gcp:cloudrunv2/service:Service',
      'gcp:secretmanager/secretIamMember:SecretIamMember',
      'gcp:serviceaccount/account:Account',
    ])
      expect(left[type], type).toBeGreaterThan(0);
    await stack.up();
    expect(await inventory(google)).toEqual(before);
  });
});
