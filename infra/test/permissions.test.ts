import { expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { image } from './harness/settings.ts';
import {
  changes,
  configure,
  configureCandidate,
  deployed,
  refusal,
  stackOf,
} from './harness/stack.ts';

const as = (account: string) =>
  `serviceAccount:${account}@documented-project.iam.gserviceaccount.com`;

test.skipIf(!engineIsHere)(
  'Google allows previews to look up, drift detection to read, and releases to update the service, but nothing else',
  async () => {
    const { google, stack } = await deployed('prod');

    await google.actAs(as('andamio-drift'));
    await stack.preview({ refresh: true, expectNoChanges: true });

    await configureCandidate(stack, image('2'));
    for (const account of ['andamio-drift', 'andamio-preview']) {
      await google.actAs(as(account));
      expect(changes({ resourceChanges: (await stack.preview()).changeSummary })).toEqual({
        update: 2,
      });
      expect(await refusal(stack.up())).toContain(
        "Error 403: Permission 'run.services.update' denied",
      );
    }
    expect(await refusal(stack.refresh())).toContain('Error 403');

    await google.actAs(as('andamio-api-ci'));
    expect(changes((await stack.up()).summary)).toEqual({ update: 2 });
    await configure(stack, { alertEmail: 'stranger@elsewhere.example' });
    expect(await refusal(stack.up())).toContain(
      "Error 403: Permission 'monitoring.notificationChannels.update' denied",
    );
  },
  240_000,
);

test.skipIf(!engineIsHere)(
  'drift detection reads the budget without a role on the billing account',
  async () => {
    const { google, stack } = await deployed('shared');
    await google.actAs(as('andamio-drift'));
    await stack.preview({ refresh: true, expectNoChanges: true });
    const [budget] = (await google.resources()).filter(
      ({ type }) => type === 'gcp:billing/budget:Budget',
    );
    await google.change(budget?.id as string, { displayName: 'somebody else' });
    expect(await refusal(stack.preview({ refresh: true, expectNoChanges: true }))).toContain(
      'no changes were expected',
    );
  },
);

test.skipIf(!engineIsHere)(
  'a release cannot change the callers or the account of the service; the release guard protects the other fields',
  async () => {
    const { google, stack } = await deployed('prod');
    await google.actAs(as('andamio-api-ci'));
    // This is not intended, but Cloud Run has only one permission for all updates (decision 27).
    await configure(stack, { concurrency: '81' });
    expect(changes((await stack.up()).summary)).toEqual({ update: 1 });

    const service = 'projects/documented-project/locations/us-central1/services/andamio-api';
    await google.change(service, { invokerIamDisabled: false });
    await google.actAs();
    await stack.refresh();
    await google.actAs(as('andamio-api-ci'));
    expect(await refusal(stack.up())).toContain(
      "Error 403: Permission 'run.services.setIamPolicy' denied",
    );
  },
  240_000,
);

test.skipIf(!engineIsHere)(
  'an identity with its own port can call the fake Google next to others',
  async () => {
    const { google } = await deployed('shared');
    const byPort = Object.assign(Object.create(google), {
      port: await google.portOf(as('andamio-preview')),
    });
    const reader = await stackOf(byPort, 'shared', { monthlyBudget: '301' });
    expect(await refusal(reader.up())).toMatch(/Error 403: Permission '\S+' denied/);
  },
);
