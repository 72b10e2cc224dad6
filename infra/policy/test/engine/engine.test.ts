import {
  CustomResource,
  type CustomResourceOptions,
  type Inputs,
  interpolate,
  type Output,
} from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { types } from '../../resources.ts';
import { expiring, projectMember, service } from '../cases/cases.ts';
import { type Engine, pack, startEngine } from './engine.ts';

/** A resource of any type. Unlike Google's resource classes, it does not take seconds to load. */
class AnyResource extends CustomResource {}

class Account extends CustomResource {
  declare readonly email: Output<string>;

  constructor(accountId: string) {
    super('gcp:serviceaccount/account:Account', accountId, { accountId, email: undefined });
  }
}

const make = (type: string, name: string, props: Inputs, options?: CustomResourceOptions) =>
  new AnyResource(type, name, props, options);

const database = (options?: CustomResourceOptions) =>
  make(
    types.database,
    'keys',
    {
      name: 'keys',
      pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
      deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
    },
    options,
  );

/** Declares the resources of a minimal stack that complies with all rules. */
const goodProgram: PulumiFn = async () => {
  const protect = { protect: true };
  const account = new Account('andamio-api');
  const binaryAuthorization = { useDefault: true };
  make(
    types.service,
    'service',
    service({ name: 'andamio-api', binaryAuthorization }).props,
    protect,
  );
  make('gcp:projects/iAMMember:IAMMember', 'reader', {
    ...projectMember('').props,
    member: interpolate`serviceAccount:${account.email}`,
  });
  const { id } = database(protect);
  const parts = { database: id.apply(() => 'keys') };
  make(types.backupSchedule, 'daily', { ...parts, retention: '8467200s' });
  for (const collection of expiring) {
    make(types.field, collection, { ...parts, collection, field: 'remove_at', ttlConfig: {} });
  }
};

describe.skipIf(!inject('hasEngine'))('under the engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(() => engine?.stop());

  const preview = async (name: string, program: PulumiFn) =>
    (await engine.stack(name, program)).preview({ policyPacks: [pack] });
  const up = async (name: string, program: PulumiFn) =>
    (await engine.stack(name, program)).up({ policyPacks: [pack] });

  test('a stack that complies with all policies is previewed and deployed', async () => {
    expect((await preview('prod', goodProgram)).changeSummary).toEqual({
      create: 6 + expiring.length,
    });
    expect((await up('prod', goodProgram)).summary.result).toBe('succeeded');
  });

  test('a preview reports the policy, the resource and the reason', async () => {
    const refused = preview('prod', async () => {
      make(
        types.service,
        'service',
        service({ name: 'andamio-api', deletionProtection: false }).props,
      );
      make('gcp:projects/iAMMember:IAMMember', 'everyone', projectMember('allUsers').props);
    });
    const { message } = (await refused.catch((error: unknown) => error)) as Error;
    expect(message).toMatch(/\[mandatory\].*iam-no-public-members.*everyone/);
    expect(message).toMatch(/\[mandatory\].*production-protect.*service/);
    expect(message).toMatch(/\[mandatory\].*production-deletion-protection.*service/);
    expect(message).toContain('everyone on the internet');
  });

  test('a preview reports a violation of a policy for the whole stack', async () => {
    const refused = preview('dev', async () => void database());
    await expect(refused).rejects.toThrow(
      /firestore-backups[\s\S]*The database keys has no backup schedule/,
    );
  });

  test('a value that is unknown at preview is checked during the update', async () => {
    const program: PulumiFn = async () => {
      const account = new Account('1-compute');
      make('gcp:projects/iAMMember:IAMMember', 'reader', {
        ...projectMember('').props,
        member: interpolate`serviceAccount:${account.email}`,
      });
    };
    expect((await preview('dev', program)).stdout).not.toContain("can't run policy");
    await expect(up('dev', program)).rejects.toThrow(
      /iam-no-default-service-accounts[\s\S]*1-compute@developer/,
    );
  });
});
