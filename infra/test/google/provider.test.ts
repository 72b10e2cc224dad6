import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importIds } from '../../src/adoption.ts';
import { Cloud } from './cloud.ts';
import { control } from './control.ts';
import { provider } from './provider.ts';
import type { Properties } from './resource-type.ts';
import { resourceTypes } from './resources/index.ts';
import { argumentsOf } from './validate.ts';

/**
 * Returns a fake Google with one project in which all needed APIs are enabled, and its provider.
 */
function google() {
  const cloud = new Cloud();
  const by = control(cloud);
  by.addProject('my-project', '123456789012');
  for (const api of ['firestore', 'iam', 'logging', 'monitoring', 'run', 'compute'])
    cloud.enable(`my-project/${api}.googleapis.com`);
  const gcp = provider(cloud);
  const urn = (token: string) => `urn:pulumi:dev::andamio::${token}::name`;
  return {
    ...by,
    create: (token: string, inputs: Properties) =>
      gcp.create(urn(token), { project: 'my-project', ...inputs }),
    /** Creates a resource and reports whether a second `up` would change it. */
    async changes(token: string, inputs: Properties, second = inputs) {
      const { id, outs } = await gcp.create(urn(token), { project: 'my-project', ...inputs });
      return (await gcp.diff(id, urn(token), outs, { project: 'my-project', ...second })).changes;
    },
    read: (token: string, id: string) => gcp.read(id, urn(token), {}),
    remove: (token: string, id: string, props: Properties = {}) =>
      gcp.delete(id, urn(token), props),
  };
}

const account = 'gcp:serviceaccount/account:Account';
const alertPolicy = 'gcp:monitoring/alertPolicy:AlertPolicy';
const dashboard = 'gcp:monitoring/dashboard:Dashboard';
const database = 'gcp:firestore/database:Database';
const job = 'gcp:cloudrunv2/job:Job';
const metric = 'gcp:logging/metric:Metric';
const pool = 'gcp:iam/workloadIdentityPool:WorkloadIdentityPool';
const run = 'gcp:cloudrunv2/service:Service';
const role = 'gcp:projects/iAMCustomRole:IAMCustomRole';

const onMetric = (name: string) => ({
  displayName: 'errors',
  combiner: 'OR',
  conditions: [
    {
      displayName: 'errors',
      conditionThreshold: { filter: `metric.type="logging.googleapis.com/user/${name}"` },
    },
  ],
});

const onLogs = {
  displayName: 'errors',
  combiner: 'OR',
  conditions: [{ displayName: 'errors', conditionMatchedLog: { filter: 'severity=ERROR' } }],
  alertStrategy: { notificationRateLimit: { period: '3600s' } },
};

describe('the fake Google omits default values from its responses', () => {
  test('a zero in a dashboard is reported as a change at every update', async () => {
    const { changes } = google();
    const json = (tile: Properties) => ({
      dashboardJson: JSON.stringify({ mosaicLayout: { tiles: [tile] } }),
    });
    expect(await changes(dashboard, json({ xPos: 0, width: 6 }))).toBe(true);
    expect(await changes(dashboard, json({ xPos: 6, width: 6 }))).toBe(false);
  });

  test("an unspecified enum is reported as a change at every update, but a zero in the provider's own arguments is not", async () => {
    const { changes } = google();
    const policy = (more: Properties) => ({ ...onLogs, ...more });
    expect(await changes(alertPolicy, policy({ severity: 'SEVERITY_UNSPECIFIED' }))).toBe(true);
    expect(
      await changes(
        alertPolicy,
        policy({ enabled: false, notificationChannels: [], userLabels: {} }),
      ),
    ).toBe(false);
    expect(await changes(alertPolicy, onLogs, policy({ notificationChannels: [] }))).toBe(false);
    expect(await changes(alertPolicy, onLogs, policy({ severity: 'ERROR' }))).toBe(true);
  });

  test('a read returns the stored resource', async () => {
    const { create, change, read } = google();
    const { id } = await create(alertPolicy, onLogs);
    change(id, { severity: 'CRITICAL' });
    expect(await read(alertPolicy, id)).toMatchObject({
      props: { severity: 'CRITICAL' },
      inputs: { severity: 'CRITICAL' },
    });
  });
});

describe('the fake Google validates alerts as Google does', () => {
  test('rejects an alert on a log-based metric that is younger than ten minutes', async () => {
    const { create, pass } = google();
    await create(metric, { name: 'errors' });
    await expect(create(alertPolicy, onMetric('errors'))).rejects.toThrow(
      'Error 404: Cannot find metric(s) that match type = "logging.googleapis.com/user/errors"',
    );
    pass(600);
    await expect(create(alertPolicy, onMetric('errors'))).resolves.toBeDefined();
  });

  test.each([
    [
      'two conditions',
      { conditions: [...onLogs.conditions, ...onLogs.conditions] },
      'can only have a single condition',
    ],
    [
      'no notification rate limit',
      { alertStrategy: { autoClose: '3600s' } },
      'notificationRateLimit',
    ],
  ])('rejects a log alert with %s', async (_, wrong, message) => {
    const { create } = google();
    await expect(create(alertPolicy, { ...onLogs, ...wrong })).rejects.toThrow(message);
    await expect(create(alertPolicy, onLogs)).resolves.toBeDefined();
  });

  test('rejects a metric alert with a notification rate limit', async () => {
    const { create } = google();
    const conditions = [
      {
        displayName: 'many',
        conditionThreshold: { filter: 'metric.type="run.googleapis.com/request_count"' },
      },
    ];
    await expect(create(alertPolicy, { ...onLogs, conditions })).rejects.toThrow(
      'must not specify a notification rate limit',
    );
  });

  test('assigns the id, so that a second alert with the same name is another resource', async () => {
    const { create } = google();
    const [first, second] = [await create(alertPolicy, onLogs), await create(alertPolicy, onLogs)];
    expect(first.id).toMatch(/^projects\/my-project\/alertPolicies\/\d{19}$/);
    expect(second.id).not.toBe(first.id);
  });
});

describe('the import ids of `adopt` match those of the provider', () => {
  /** Returns the types of the resources in the snapshots of all stacks. */
  const snapshots = join(import.meta.dirname, '../snapshots');
  const declared = readdirSync(snapshots).flatMap((file) =>
    (JSON.parse(readFileSync(join(snapshots, file), 'utf8')) as { type: string }[])
      .map(({ type }) => type)
      .filter((type) => type.startsWith('gcp:')),
  );
  const anything = new Proxy(
    {},
    {
      get: (_, name) => (name === 'project' ? 'my-project' : `a-${String(name)}`),
    },
  ) as Properties;

  test('and include every declared type that cannot be created twice', () => {
    const cloud = new Cloud();
    control(cloud).addProject('my-project', '123456789012');
    const conflicting = [...new Set(declared)].filter((type) => {
      const known = resourceTypes[type];
      const ids = [1, 2].map(() => known?.id(anything, cloud));
      // Google chooses the ids of the other types, so that each create has another id.
      return !known?.idempotent && new Set(ids).size === 1;
    });
    expect(conflicting).toContain('gcp:cloudrunv2/job:Job');
    expect(conflicting.filter((type) => !(type in importIds))).toEqual([]);
  });

  test.each(Object.entries(importIds))('%s', (token, template) => {
    const inputs = Object.fromEntries(
      Object.keys(argumentsOf(token)).map((name) => [
        name,
        name === 'project' ? 'my-project' : `a-${name}`,
      ]),
    );
    const id = template.replace(/\{(\w+)\}/g, (_, name: string) => String(inputs[name]));
    expect(resourceTypes[token]?.id(inputs, new Cloud())).toBe(id);
  });
});

describe('the fake Google reserves deleted resources', () => {
  test('reserves a database name for five minutes', async () => {
    const { create, remove, pass } = google();
    const inputs = { name: 'andamio-api', locationId: 'us-central1', type: 'FIRESTORE_NATIVE' };
    const { id } = await create(database, inputs);
    await remove(database, id, { deletionPolicy: 'DELETE' });
    pass(100);
    await expect(create(database, inputs)).rejects.toThrow('Error 400: Database ID');
    pass(200);
    await expect(create(database, inputs)).resolves.toBeDefined();
  });

  test('keeps a subnetwork that Cloud Run used, and its network, for two hours', async () => {
    const { create, remove, pass } = google();
    const { id: network } = await create('gcp:compute/network:Network', { name: 'api' });
    const { id: subnetwork } = await create('gcp:compute/subnetwork:Subnetwork', {
      name: 'api',
      region: 'r',
      network,
    });
    const { id } = await create(account, { accountId: 'andamio-api-run' });
    const template = {
      serviceAccount: id.split('/').at(-1),
      containers: [],
      vpcAccess: { networkInterfaces: [{ subnetwork }] },
    };
    const service = await create(run, { name: 'api', location: 'r', template });
    await remove(run, service.id);
    await expect(remove('gcp:compute/subnetwork:Subnetwork', subnetwork)).rejects.toThrow(
      'serverless-ipv4',
    );
    await expect(remove('gcp:compute/network:Network', network)).rejects.toThrow(
      'already being used',
    );
    pass(7200);
    await remove('gcp:compute/subnetwork:Subnetwork', subnetwork);
    await remove('gcp:compute/network:Network', network);
  });

  test('keeps a job whose creation failed because its account cannot read its secrets', async () => {
    const { create, addSecretVersion, addImage, resources } = google();
    const { outs } = await create(account, { accountId: 'runs-it' });
    await addSecretVersion('projects/my-project/secrets/peppers', 'x');
    await addImage('image@sha256:1');
    const valueSource = { secretKeyRef: { secret: 'peppers', version: '1' } };
    const containers = [{ image: 'image@sha256:1', envs: [{ name: 'KEY_PEPPERS', valueSource }] }];
    const template = { template: { serviceAccount: outs['email'], maxRetries: 0, containers } };
    await expect(create(job, { name: 'admin', location: 'r', template })).rejects.toThrow(
      'Permission denied on secret',
    );
    expect(resources().map(({ id }) => id)).toContain('projects/my-project/locations/r/jobs/admin');
  });

  test('reserves a pool for 30 days, during which it cannot be created or read', async () => {
    const { create, remove, pass, read } = google();
    const inputs = { workloadIdentityPoolId: 'github' };
    const { id } = await create(pool, inputs);
    await remove(pool, id);
    expect(await read(pool, id)).toEqual({ id: '', props: {} });
    await expect(create(pool, inputs)).rejects.toThrow('Error 409');
    pass(30 * 86_400);
    await expect(create(pool, inputs)).resolves.toBeDefined();
  });

  test('restores a deleted role when it is created again', async () => {
    const { create, remove } = google();
    const inputs = {
      roleId: 'andamio_release',
      title: 'Release',
      permissions: ['run.services.get'],
    };
    const { id } = await create(role, inputs);
    await remove(role, id);
    await expect(create(role, inputs)).resolves.toMatchObject({ id });
  });
});
