import { expect, onTestFinished, test, vi } from 'vitest';
import type { Google } from './google/client.ts';
import {
  changes,
  cloud,
  cloudFor,
  configure,
  type Deployed,
  deployed,
  describeByDriver,
  engineAlone,
  refusal,
  stackOf,
} from './harness/stack.ts';

const database = 'gcp:firestore/database:Database';
const registry = 'gcp:artifactregistry/repository:Repository';
const service = 'gcp:cloudrunv2/service:Service';
const fault = { type: database, operation: 'create', times: 1 } as const;

/** Makes the program call Cloud Run's API of a fake Google. */
async function useCloudRunOf(google: Google): Promise<void> {
  vi.stubEnv('GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT', `${await google.restUrl()}v2/`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Asserts that the newest revision of the service is ready, and that the stack's output is it. */
async function expectReadyRevision({ google, stack }: Deployed, number: number): Promise<void> {
  const { outputs } = (await google.resources()).find(({ type }) => type === service) ?? {};
  const newest = `${stack.name === 'dev' ? 'andamio-api' : 'andamio-api-preprod'}-0000${number}`;
  expect(outputs?.['latestCreatedRevision']).toMatch(new RegExp(`/${newest}$`));
  expect(outputs?.['latestReadyRevision']).toBe(outputs?.['latestCreatedRevision']);
  expect((await stack.outputs())['revision']?.value).toBe(newest);
}

describeByDriver(
  'an `up` that fails halfway is completed by the next one',
  () => {
    test('after each of the statuses 500, 429, 403 and 504 the next `up` creates the remaining resources', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      const expectRemaining = async () => {
        const created = await google.calls();
        expect(created).toContain(`create ${database}`);
        expect(created).not.toContain(`create ${registry}`);
      };
      for (const [index, status] of [500, 429, 403, 504].entries()) {
        await google.forgetCalls();
        await google.fail({ ...fault, kind: 'status', status });
        expect(await refusal(stack.up())).toContain(`Error ${status}`);
        if (index > 0) await expectRemaining();
      }
      await google.forgetCalls();
      expect((await stack.up()).summary.result).toBe('succeeded');
      await expectRemaining();
      expect(changes((await stack.up()).summary)).toEqual({});
    });

    test('waits until the name of a deleted database is available again', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      const message =
        "Database ID 'andamio-api' is not available in project 'my-project'. Please retry in 1 seconds.";
      await google.fail({ ...fault, kind: 'status', status: 400, message, times: 2 });
      expect((await stack.up()).summary.result).toBe('succeeded');
      expect((await google.calls()).filter((call) => call === `create ${database}`)).toHaveLength(
        3,
      );
    });

    test('waits until a newly enabled API is available', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      await google.delayApis(600);
      const running = stack.up();
      await expect.poll(() => google.calls()).toContain(`create ${registry}`);
      await google.delayApis(0);
      expect((await running).summary.result).toBe('succeeded');
      const created = (await google.calls()).filter((call) => call.startsWith('create '));
      expect(created.length, 'calls that were repeated').toBeGreaterThan(
        (await google.resources()).length,
      );
    });

    test('waits until a new account can be granted roles', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      const type = 'gcp:projects/iAMMember:IAMMember';
      const message =
        'Service account andamio-api-run@my-project.iam.gserviceaccount.com does not exist.';
      await google.fail({
        type,
        operation: 'create',
        kind: 'status',
        status: 400,
        message,
        times: 1,
      });
      expect((await stack.up()).summary.result).toBe('succeeded');
    });

    test('creates a service that an earlier `up` could not create', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      await google.fail({
        type: service,
        operation: 'create',
        kind: 'status',
        status: 500,
        times: 1,
      });
      await refusal(stack.up());
      const { outputs } = await stack.up();
      expect(outputs['urls']?.value).toContain(outputs['host']?.value);
    });

    test('completes a service whose first revision did not start', async () => {
      const google = await cloud();
      const stack = await stackOf(google, 'dev');
      await useCloudRunOf(google);
      await google.fail({ type: service, operation: 'create', kind: 'unready', times: 1 });
      expect(await refusal(stack.up())).toContain('is not ready');
      expect((await stack.up()).summary.result).toBe('succeeded');
      await expectReadyRevision({ google, stack }, 2);
    });

    test.each([false, true])(
      'starts another revision if that of the last `up` did not start, with refresh: %j',
      async (refresh) => {
        const { google, stack } = await deployed('dev');
        await useCloudRunOf(google);
        await google.fail({ type: service, operation: 'update', kind: 'unready', times: 1 });
        await configure(stack, { maxInstances: '7' });
        expect(await refusal(stack.up())).toContain('is not ready');
        expect((await stack.up({ refresh })).summary.result).toBe('succeeded');
        await expectReadyRevision({ google, stack }, 3);
        await stack.up();
        await expectReadyRevision({ google, stack }, 3);
      },
    );

    test('fails as long as the revision does not start, and a preview does not', async () => {
      const { google, stack } = await deployed('dev');
      await useCloudRunOf(google);
      await google.fail({ type: service, operation: 'update', kind: 'unready', times: 1 });
      await google.addSecretVersion('projects/my-project/secrets/andamio-api-guard-secrets', 'x');
      await configure(stack, { guardSecretsVersion: '1' });
      expect(await refusal(stack.up())).toContain('is not ready');
      await google.delayGrants(600);
      await stack.preview();
      expect(await refusal(stack.up())).toMatch(
        /newest revision of the service is not ready: .*Permission denied on secret/,
      );
    });
  },
  engineAlone,
);

describeByDriver(
  'an `up` after whose creates the responses were lost',
  () => {
    test.each([
      ['shared', ['binaryauthorization/attestor:Attestor', 'containeranalysis/note:Note']],
      ['shared', ['projects/iAMCustomRole:IAMCustomRole']],
      ['prod', ['cloudrunv2/job:Job', 'memorystore/instance:Instance']],
      ['prod', ['networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy']],
    ] as const)('prints the commands that adopt the resources, in %s: %j', async (name, types) => {
      const google = await cloudFor(name);
      const stack = await stackOf(google, name);
      const lost = { operation: 'create', kind: 'lost', times: 1 } as const;
      for (const type of types) await google.fail({ ...lost, type: `gcp:${type}` });
      onTestFinished(() => void vi.unstubAllEnvs());
      const adopted: string[] = [];
      for (let attempt = 0; attempt <= 2 * types.length; attempt++) {
        const message = await stack.up().then(
          () => '',
          ({ message }: Error) => message,
        );
        if (message === '') break;
        const [, pair] = new RegExp(`pnpm@12 adopt ${name} (\\S+)`).exec(message) ?? [];
        if (pair) adopted.push(pair);
        vi.stubEnv('ANDAMIO_ADOPT', adopted.join(' '));
      }
      expect(adopted).toHaveLength(types.length);
      vi.unstubAllEnvs();
      expect(changes((await stack.up()).summary)).toEqual({});
    });
  },
  engineAlone,
);

describeByDriver('an `up` whose program reads environment variables', () => {
  test('a service is created again until its account can read its secrets', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await useCloudRunOf(google);
    // Grants take effect with a delay: https://cloud.google.com/iam/docs/access-change-propagation
    await google.delayGrants(600);
    const running = stack.up();
    await expect.poll(() => google.calls()).toContain(`create ${service}`);
    await google.delayGrants(0);
    expect((await running).summary.result).toBe('succeeded');
    expect(
      (await google.calls()).filter((call) => call === `create ${service}`).length,
    ).toBeGreaterThan(1);
    // The engine records the failed create, so the next `up` updates the service.
    expect((await stack.up()).outputs['urls']?.value).toHaveLength(2);
    expect(changes((await stack.up()).summary)).toEqual({});
  });

  test.each([
    [
      'its first guard secret',
      'dev',
      ['my-project', 'andamio-api-guard-secrets'],
      { guardSecretsVersion: '1' },
    ],
    [
      'a JWT secret in place of public keys',
      'preprod',
      ['documented-project', 'andamio-api-preprod-jwt-secrets'],
      { jwtSecretsVersion: '1' },
    ],
  ] as const)(
    'a deployed service gets %s once its account can read it',
    async (_, name, [project, secret], config) => {
      const { google, stack } = await deployed(name);
      await useCloudRunOf(google);
      await google.addSecretVersion(`projects/${project}/secrets/${secret}`, 'a secret');
      if ('jwtSecretsVersion' in config) await stack.removeConfig('andamio:jwksUrl');
      await configure(stack, config);
      await google.forgetCalls();
      await google.delayGrants(600);
      const running = stack.up();
      await expect.poll(() => google.calls()).toContain(`update ${service}`);
      await google.delayGrants(0);
      expect((await running).summary.result).toBe('succeeded');
      // The second revision was refused.
      await expectReadyRevision({ google, stack }, 3);
      // The engine records the failed update, so the next `up` updates the service once more.
      await stack.up();
      await expectReadyRevision({ google, stack }, 3);
      expect(changes((await stack.up()).summary)).toEqual({});
    },
  );

  test('a resource whose creation response was lost is imported by its id', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ ...fault, kind: 'lost' });
    expect(await refusal(stack.up())).toContain('connection reset');
    const conflict = await refusal(stack.up());
    expect(conflict).toContain('409');
    const [, pair = ''] = /pnpm@12 adopt dev (firestore=\S+)/.exec(conflict) ?? [];
    vi.stubEnv('ANDAMIO_ADOPT', pair);
    expect((await stack.up()).summary.result).toBe('succeeded');
    vi.unstubAllEnvs();
    expect(changes((await stack.up()).summary)).toEqual({});
    expect((await google.resources()).filter(({ type }) => type === database)).toHaveLength(1);
  });
});

describeByDriver('an interrupted `up`', () => {
  test('is completed by the next one', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ ...fault, kind: 'delay', milliseconds: 60_000 });
    const interrupted = new AbortController();
    const running = refusal(stack.up({ signal: interrupted.signal }));
    await expect.poll(() => google.calls()).toContain(`create ${database}`);
    interrupted.abort();
    expect(await google.goOn(), 'Google was at work').toBe(1);
    expect(await running).toBeTruthy();
    expect((await stack.up()).summary.result).toBe('succeeded');
  });
});
