import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings/index.ts';

/** Tells the billing account's administrators when half, nine tenths and all of the month's budget is spent or foreseen. */
export function budget(
  settings: Settings,
  projectNumber: string,
  billingAccount: string,
  opts: pulumi.CustomResourceOptions,
): gcp.billing.Budget {
  return new gcp.billing.Budget(
    'budget',
    {
      billingAccount,
      displayName: `${settings.project} by month`,
      budgetFilter: { projects: [`projects/${projectNumber}`], calendarPeriod: 'MONTH' },
      // The currency is left out: it is the billing account's own, and another is refused.
      amount: { specifiedAmount: { units: String(settings.monthlyBudget) } },
      thresholdRules: [
        { thresholdPercent: 0.5 },
        { thresholdPercent: 0.9 },
        { thresholdPercent: 1 },
        { thresholdPercent: 1, spendBasis: 'FORECASTED_SPEND' },
      ],
    },
    opts,
  );
}
