import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { errorHook } from '../error-hooks.ts';

/**
 * Creates a budget that notifies the billing account's administrators when actual or forecasted
 * spend reaches 50%, 90% or 100% of the monthly amount.
 */
export function budget(
  settings: Settings,
  projectNumber: string,
  billingAccount: string,
  opts: pulumi.CustomResourceOptions,
): gcp.billing.Budget {
  const { project } = settings;
  // The Budget API needs a quota project when a user account calls it. The provider ignores the
  // quota project in the user's credentials: https://cloud.google.com/docs/quotas/set-quota-project
  const provider = new gcp.Provider(
    'billing',
    { project, billingProject: project, userProjectOverride: true },
    { ...(opts.parent && { parent: opts.parent }) },
  );
  const onError = errorHook('explain the role that a budget requires', async ({ errors }) => {
    if (/\b403\b|permission/i.test(errors[0] ?? '')) {
      await pulumi.log.error(
        `andamio:billingAccount requires that you have the role Billing Account Costs Manager on the billing account: ` +
          `gcloud billing accounts add-iam-policy-binding ${billingAccount} --member=user:YOU@EXAMPLE.COM --role=roles/billing.costsManager`,
      );
    }
    return false;
  });
  return new gcp.billing.Budget(
    'budget',
    {
      billingAccount,
      displayName: `${project} per month`,
      budgetFilter: { projects: [`projects/${projectNumber}`], calendarPeriod: 'MONTH' },
      // The currency defaults to that of the billing account. The API rejects any other currency.
      amount: { specifiedAmount: { units: String(settings.monthlyBudget) } },
      thresholdRules: [
        { thresholdPercent: 0.5 },
        { thresholdPercent: 0.9 },
        { thresholdPercent: 1 },
        { thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' },
      ],
    },
    { ...opts, provider, hooks: { onError: [onError] } },
  );
}
