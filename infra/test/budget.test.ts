import { expect, test } from 'vitest';
import { cloud, describeByDriver, engineAlone, refusal, stackOf } from './harness/stack.ts';

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly provider?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

const budget = 'gcp:billing/budget:Budget';

describeByDriver(
  'the budget',
  () => {
    test('is created with the project as its quota project, which Google requires from user accounts', async () => {
      const stack = await stackOf(await cloud(), 'shared');
      await stack.up();
      const resources = (await stack.exportStack()).deployment.resources as Resource[];
      const { provider = '' } = resources.find(({ type }) => type === budget) ?? {};
      const { inputs } = resources.find(({ urn }) => provider.startsWith(`${urn}::`)) ?? {};
      expect(inputs).toMatchObject({
        billingProject: 'documented-project',
        userProjectOverride: 'true',
      });
    });

    test('reports the required role if Google rejects the budget', async () => {
      const google = await cloud();
      await google.fail({
        type: budget,
        operation: 'create',
        kind: 'status',
        status: 403,
        times: 1,
      });
      const said = await refusal((await stackOf(google, 'shared')).up());
      expect(said).toContain(
        'gcloud billing accounts add-iam-policy-binding 0A1B2C-0A1B2C-0A1B2C --member=user:YOU@EXAMPLE.COM --role=roles/billing.costsManager',
      );
    });
  },
  engineAlone,
);
