import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import type { Google } from './google/client.ts';
import { gcloudEnvironment } from './google/gcloud.ts';
import { engineIsHere, gcloudIsHere } from './harness/requirements.ts';
import { program, repository } from './harness/scripts.ts';
import { image } from './harness/settings.ts';
import {
  changes,
  configure,
  deployed,
  describeByDriver,
  refusal,
  temporaryFolder,
} from './harness/stack.ts';
import { documentedCommands } from './rehearsal/documented-commands.ts';

const runbooks = join(repository, 'docs/operate.md');
const database = 'projects/documented-project/databases/andamio-api';
const restored = 'projects/documented-project/databases/restored';

async function inputsOf(google: Google, id: string) {
  return (await google.resources()).find((each) => each.id === id)?.inputs;
}

/** Returns the databases that the service and its admin job use. */
async function usedDatabases(google: Google): Promise<(string | undefined)[]> {
  const workloads = (await google.resources()).filter(({ type }) =>
    /cloudrunv2\/(service:Service|job:Job)$/.test(type),
  );
  return workloads.map(
    ({ inputs }) =>
      /"FIRESTORE_DATABASE","value":"([\w-]+)"/.exec(JSON.stringify(inputs['template']))?.[1],
  );
}

describe.skipIf(!engineIsHere)('a restored database', () => {
  /** Returns a deployed production stack with a restored database beside its own. */
  async function withRestored() {
    const { google, stack } = await deployed('prod');
    await google.restore(await google.backUp(database), 'restored');
    return { google, stack };
  }

  test('is used by the service and its job, and has the grant, the backups and the fields of the own one', async () => {
    const { google, stack } = await withRestored();
    const own = await inputsOf(google, database);
    const partsOf = async (name: string) =>
      (await google.resources())
        .filter(({ inputs }) => inputs['database'] === name)
        .map(({ type, inputs }) => JSON.stringify({ type, ...inputs, database: '' }))
        .sort();
    await configure(stack, { restoredDatabase: 'restored' });
    const { outputs } = await stack.up();
    expect(outputs['database']?.value).toBe('restored');
    expect(await usedDatabases(google)).toEqual(['restored', 'restored']);
    expect(await partsOf('restored')).toEqual(await partsOf('andamio-api'));
    expect(await inputsOf(google, database)).toEqual(own);
    const conditions = (await google.resources())
      .filter(({ inputs }) => inputs['role'] === 'roles/datastore.user')
      .map(({ inputs }) => (inputs['condition'] as { readonly expression: string }).expression);
    expect(conditions.sort()).toEqual([
      `resource.name == "${database}"`,
      `resource.name == "${restored}"`,
    ]);
    expect(changes((await stack.up()).summary)).toEqual({});
  });

  test('is complete before the service uses it', async () => {
    const { stack } = await withRestored();
    await configure(stack, { restoredDatabase: 'restored' });
    await stack.up();
    const { deployment } = await stack.exportStack();
    const resources = deployment.resources as {
      readonly urn: string;
      readonly dependencies?: string[];
    }[];
    const parts = resources
      .map(({ urn }) => urn)
      .filter((urn) => /::restored-(?!database)/.test(urn));
    expect(parts.length).toBeGreaterThan(10);
    const service = resources.find(({ urn }) => urn.endsWith('service:Service::service'));
    expect(service?.dependencies).toEqual(expect.arrayContaining(parts));
  });

  test('remains with its fields when the service returns to its own database', async () => {
    const { google, stack } = await withRestored();
    await configure(stack, { restoredDatabase: 'restored' });
    await stack.up();
    await google.forgetCalls();
    await stack.removeAllConfig(['andamio:restoredDatabase']);
    await stack.up();
    expect(await usedDatabases(google)).toEqual(['andamio-api', 'andamio-api']);
    expect((await google.calls()).filter((call) => call.startsWith('delete')).sort()).toEqual([
      'delete gcp:firestore/backupSchedule:BackupSchedule',
      'delete gcp:firestore/backupSchedule:BackupSchedule',
      'delete gcp:projects/iAMMember:IAMMember',
    ]);
    expect(await inputsOf(google, restored)).toBeDefined();
  });

  test('of the same name replaces a deleted one, and `up --refresh` declares what it lacks', async () => {
    const { google, stack } = await deployed('prod');
    const [own, resources] = [await inputsOf(google, database), await google.resources()];
    const backup = await google.backUp(database);
    await google.change(database, { deleteProtectionState: 'DELETE_PROTECTION_DISABLED' });
    await fetch(`${await google.restUrl()}v1/${database}`, {
      method: 'DELETE',
      headers: { Authorization: 'Bearer a-token' },
    });
    await google.restore(backup, 'andamio-api');
    await stack.up({ refresh: true });
    expect(await inputsOf(google, database)).toEqual(own);
    expect(await google.resources()).toHaveLength(resources.length);
  });

  test('that does not exist fails the update before the service changes', async () => {
    const { google, stack } = await deployed('prod');
    await configure(stack, { restoredDatabase: 'restored' });
    expect(await refusal(stack.up())).toContain('The database restored does not exist.');
    expect(await usedDatabases(google)).toEqual(['andamio-api', 'andamio-api']);
  });
});

describe.skipIf(!gcloudIsHere)('the runbook "Restore the database"', () => {
  describeByDriver('with the Google Cloud CLI', () => {
    /** Returns a function that runs the printed commands of a section on a stack. */
    async function reader(google: Google, stack: Stack) {
      const { workDir, envVars } = stack.workspace;
      // Runs the Pulumi CLI in the stack's folder, like the script of this repository.
      const npx = program('npx', `shift 3; exec pulumi -C '${workDir}' "$@"`);
      const env = {
        ...process.env,
        ...envVars,
        ...(await gcloudEnvironment(google, temporaryFolder())),
        PATH: `${npx.folder}:${envVars['PATH']}`,
      };
      return (section: string, replaced: Readonly<Record<string, string>> = {}) => {
        const printed: string[] = [];
        for (const command of documentedCommands(runbooks, section)) {
          // No service runs here. The rehearsal verifies a key.
          if (command.startsWith('curl ')) continue;
          const line = Object.entries({ PROJECT: 'documented-project', ...replaced }).reduce(
            (text, [name, value]) => text.replaceAll(name, value),
            command.replace(/ up /, ' up --yes --skip-preview '),
          );
          const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
            env,
            encoding: 'utf8',
          });
          expect(status, `${line}\n${stdout}${stderr}`).toBe(0);
          printed.push(stdout);
        }
        return printed;
      };
    }

    test('restores, tries, uses and leaves a database, as printed', async () => {
      const { google, stack } = await deployed('prod');
      const backup = await google.backUp(database);
      const read = await reader(google, stack);

      const [list, , operations] = read('Create the restored database', { BACKUP: backup });
      expect(list).toContain(backup);
      expect(operations).toContain('done: true');
      expect(await inputsOf(google, restored)).toMatchObject({
        pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
        deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
      });

      const traffic = async () =>
        (await google.resources()).find(({ type }) => type.endsWith('cloudrunv2/service:Service'))
          ?.inputs['traffics'];
      const { revision: stable } = await stack.outputs();
      read('Try the restored database');
      expect(await usedDatabases(google)).toEqual(['restored', 'restored']);
      expect(await traffic()).toMatchObject([
        { revision: stable?.value, percent: 100 },
        { percent: 0, tag: 'candidate' },
      ]);

      read('Use the restored database');
      expect(await traffic()).toMatchObject([{ percent: 100 }]);
      const used = await stack.outputs();
      expect([used['database']?.value, used['image']?.value]).toEqual(['restored', image('1')]);

      read('Return to the first database');
      expect(await usedDatabases(google)).toEqual(['andamio-api', 'andamio-api']);
      expect(await inputsOf(google, restored)).toBeUndefined();
      expect(await inputsOf(google, database)).toMatchObject({
        deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
      });
    }, 180_000);
  }, ['literal']);
});
