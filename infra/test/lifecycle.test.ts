import { expect, test } from 'vitest';
import { github, image, type StackName } from './harness/settings.ts';
import {
  changes,
  cloud,
  configure,
  configureCandidate,
  deployed,
  describeByDriver,
  engineAlone,
  refusal,
  stackOf,
} from './harness/stack.ts';

const service = 'gcp:cloudrunv2/service:Service';
const job = 'gcp:cloudrunv2/job:Job';

async function expectNoChanges(name: StackName): Promise<void> {
  const { stack } = await deployed(name);
  expect(changes((await stack.up()).summary)).toEqual({});
  expect(changes((await stack.refresh()).summary)).toEqual({});
  expect(changes((await stack.up()).summary)).toEqual({});
}

describeByDriver('the lifecycle of a stack', () => {
  test('one `up` deploys an empty project to a service at its computed host', async () => {
    const google = await cloud();
    const { outputs, stdout } = await (await stackOf(google, 'dev')).up();
    expect(outputs['host']?.value).toBe('https://andamio-api-123456789012.us-central1.run.app');
    expect(outputs['urls']?.value).toContain(outputs['host']?.value);
    // Pulumi truncates outputs of 150 or more characters when it prints them
    // (pkg/backend/display/object_diff.go).
    expect(stdout).toMatch(/^ +next +: "npx -y pnpm@12 request-key dev"$/m);
    const calls = await google.calls();
    expect(calls.filter((call) => call === `create ${service}`)).toHaveLength(1);
    // Google may reject an alert, so the service must not depend on alerts.
    const monitoring = calls.findIndex((call) => call.includes(' gcp:monitoring/'));
    expect(monitoring).toBeGreaterThan(calls.indexOf(`create ${service}`));
  });

  test('a preview of production takes less than 15 seconds, and groups its resources', async () => {
    const { google } = await deployed('shared');
    const stack = await stackOf(google, 'prod');
    const begun = performance.now();
    const { stdout } = await stack.preview();
    expect(performance.now() - begun).toBeLessThan(15_000);
    for (const part of [
      'database',
      'runtime',
      'secrets',
      'api',
      'monitoring',
      'deployment',
      'rate-limit-counters',
    ]) {
      expect(stdout).toMatch(new RegExp(`andamio:service:\\w+ ${part} `));
    }
  });

  test('a second `up` of dev and a refresh change nothing', () => expectNoChanges('dev'));
});

describeByDriver(
  'a deployed stack',
  () => {
    test('production is deployed at the documented host, in a project that another stack owns', async () => {
      const { stack } = await deployed('prod');
      expect((await stack.outputs())['host']?.value).toBe(
        'https://andamio-api-308006323670.us-central1.run.app',
      );
    });

    test.each([
      ['smallest', 'abcd', { maxInstances: '1', concurrency: '1', requestTimeoutSeconds: '5' }],
      [
        'largest',
        'a'.repeat(23),
        {
          cpu: '4',
          memoryMiB: '8192',
          minInstances: '1000',
          maxInstances: '1000',
          concurrency: '1000',
          requestTimeoutSeconds: '3600',
          monthlyBudget: '10000000',
          database: 'd'.repeat(63),
        },
      ],
    ])('the %s valid settings are deployed', async (_, service, settings) => {
      const google = await cloud();
      for (const name of ['jwt-secrets', 'key-peppers'])
        await google.addSecretVersion(`projects/my-project/secrets/${service}-${name}`, 'a value');
      const stack = await stackOf(google, 'dev', {
        ...settings,
        ...github,
        service,
        githubEnvironment: 'e'.repeat(63),
        sharedRateLimits: 'true',
        billingAccount: '0A1B2C-0A1B2C-0A1B2C',
        alertEmail: 'platform@team.example',
      });
      expect((await stack.up()).summary.result).toBe('succeeded');
    });

    test('a second `up` of prod and a refresh change nothing', () => expectNoChanges('prod'));

    test('an image that `up` built is not rebuilt, and another service does not reuse its tag', async () => {
      const { google, stack } = await deployed('dev');
      const { image: built } = await stack.outputs();
      await google.forgetCalls();
      await stack.up();
      expect(await google.calls()).toEqual([]);
      for (const name of ['jwt-secrets', 'key-peppers'])
        await google.addSecretVersion(`projects/my-project/secrets/another-api-${name}`, 'a value');
      const second = await stackOf(google, 'dev', {
        owns: 'service',
        service: 'another-api',
        requireAttestation: 'false',
      });
      expect((await second.up()).outputs['image']?.value).not.toBe(built?.value);
      expect(await google.calls()).toContain('create docker-build:index:Image');
    });

    test('a candidate updates the service, then its job, and nothing else, and then receives all traffic', async () => {
      const { google, stack } = await deployed('prod');
      const stable = (await stack.outputs())['revision']?.value as string;
      await google.forgetCalls();
      await configureCandidate(stack, image('2'));
      expect(changes((await stack.up()).summary)).toEqual({ update: 2 });
      expect(await google.calls()).toEqual([`update ${service}`, `update ${job}`]);
      const traffic = async () =>
        (await google.resources()).find(({ type }) => type === service)?.inputs['traffics'];
      expect(await traffic()).toMatchObject([
        { revision: stable, percent: 100 },
        { percent: 0, tag: 'candidate' },
      ]);
      // If the release is killed at this point, a rollback uses these outputs.
      const { stableImage, stableRevision, revision } = await stack.outputs();
      expect([stableImage?.value, stableRevision?.value]).toEqual([image('1'), stable]);
      expect(revision?.value).not.toBe(stable);
      await stack.removeAllConfig(['andamio:stableRevision', 'andamio:stableImage']);
      await stack.up();
      expect(await traffic()).toMatchObject([
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 },
      ]);
      expect((await stack.outputs())['stableImage']?.value).toBe(image('2'));
    });

    test('an `up` with another image than the running one is refused, with the command that keeps the running one', async () => {
      const { google, stack } = await deployed('prod');
      await google.forgetCalls();
      await configure(stack, { image: image('2') });
      for (const run of [() => stack.preview(), () => stack.up()]) {
        const said = await refusal(run());
        expect(said).toContain('andamio:image is not the image that is running.');
        expect(said).toContain(
          `npx -y pnpm@12 pulumi config set andamio:image ${image('1')} --stack prod`,
        );
      }
      expect(await google.calls()).toEqual([]);
      await configure(stack, { image: image('1') });
      expect(changes((await stack.up()).summary)).toEqual({});
    });

    test('a new secret version updates the service and its job, which refer to its number', async () => {
      const { google, stack } = await deployed('prod');
      await google.forgetCalls();
      const secret = 'projects/documented-project/secrets/andamio-api-key-peppers';
      await configure(stack, {
        keyPeppersVersion: String(await google.addSecretVersion(secret, 'the next peppers')),
      });
      expect(changes((await stack.up()).summary)).toEqual({ update: 2 });
      expect(await google.calls()).toEqual([`update ${service}`, `update ${job}`]);
      for (const each of [service, job]) {
        const { inputs } = (await google.resources()).find(({ type }) => type === each) ?? {};
        expect(JSON.stringify(inputs)).toContain(
          '{"secret":"andamio-api-key-peppers","version":"2"}',
        );
      }
      expect((await stack.outputs())['secretVersions']?.value).toEqual({ keyPeppersVersion: 2 });
    });

    test.each([
      ['gcp:region', 'europe-west1', 'gcp:region is us-central1 and would become europe-west1'],
      ['service', 'other-api', 'service is andamio-api and would become other-api'],
      ['database', 'elsewhere', 'database is andamio-api and would become elsewhere'],
    ])('another %s is rejected before a resource is replaced', async (key, value, message) => {
      const { google, stack } = await deployed('dev');
      await google.forgetCalls();
      await configure(stack, { [key]: value });
      expect(await refusal(stack.up())).toContain(message);
      expect(await google.calls()).toEqual([]);
    });

    test('a manual change is detected, and `up --refresh` reverts it', async () => {
      const { google, stack } = await deployed('prod');
      await google.change(
        'projects/documented-project/locations/us-central1/services/andamio-api',
        {
          ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
        },
      );
      expect(await refusal(stack.preview({ refresh: true, expectNoChanges: true }))).toContain(
        'no changes were expected',
      );
      // Without a refresh, `up` compares the program with the state, which still has the old value.
      expect(changes((await stack.up()).summary)).toEqual({});
      expect(changes((await stack.up({ refresh: true })).summary)).toEqual({ update: 1 });
      const { inputs } = (await google.resources()).find(({ type }) => type === service) ?? {};
      expect(inputs?.['ingress']).toBe('INGRESS_TRAFFIC_ALL');
    });

    test('destroying dev keeps enabled APIs and the federation pool, and the next `up` adopts them', async () => {
      const { google, stack } = await deployed('dev', { ...github, githubEnvironment: 'dev' });
      await stack.destroy();
      const left = (await google.resources()).map(({ type }) => type.split(':').at(-1));
      expect(left.sort()).toEqual([
        'WorkloadIdentityPool',
        'WorkloadIdentityPoolProvider',
        'WorkloadIdentityPoolProvider',
      ]);
      expect(await google.enabledApis()).toContain('my-project/run.googleapis.com');
      // Google reserves the name of a deleted database for five minutes.
      await google.pass(300);
      expect((await stack.up()).summary.result).toBe('succeeded');
    });
  },
  engineAlone,
);
