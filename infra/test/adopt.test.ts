import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gcloudEnvironment } from './google/gcloud.ts';
import { engineIsHere } from './harness/requirements.ts';
import { program, repository, script } from './harness/scripts.ts';
import { github } from './harness/settings.ts';
import { cloud, refusal, stackOf, temporaryFolder } from './harness/stack.ts';

const pool = 'projects/my-project/locations/global/workloadIdentityPools/github';
test('adopt restores a deleted pool and imports it in one `up`, without changing the configuration', async () => {
  const google = await cloud();
  await google.enableApi('my-project/iam.googleapis.com');
  await google.addDeletedPool(pool);
  const pulumi = program('pulumi', 'echo "ANDAMIO_ADOPT=$ANDAMIO_ADOPT"');
  const env = { ...(await gcloudEnvironment(google, temporaryFolder())), ...pulumi.env };
  const { code, stdout, stderr } = await script(
    'infra/scripts/adopt.ts',
    ['dev', `pool=${pool}`],
    env,
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`ANDAMIO_ADOPT=pool=${pool}`);
  expect(pulumi.calls()).toEqual([
    `up --yes --skip-preview --policy-pack ${join(repository, 'infra/policy')} --stack dev --non-interactive`,
  ]);
  expect((await google.resources()).map(({ id }) => id)).toEqual([pool]);
});

test.skipIf(!engineIsHere)(
  'an `up` that conflicts with a deleted pool prints the command that adopts it',
  async () => {
    const google = await cloud();
    await google.addDeletedPool(pool);
    const stack = await stackOf(google, 'dev', { owns: 'project', ...github });
    expect(await refusal(stack.up())).toContain(`adopt dev pool=${pool}`);
  },
);
