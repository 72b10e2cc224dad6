import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../../settings/stack-settings.ts';

/** The service to monitor, and what its monitoring resources have in common. */
export interface MonitoredService {
  readonly settings: Settings;
  /**
   * The notification channels of the alerts. If there are none, alerts appear only in the console.
   */
  readonly channels: pulumi.Input<string>[];
  /** Options of every resource that monitors the service. */
  readonly opts: pulumi.CustomResourceOptions;
}

type Condition = gcp.types.input.monitoring.AlertPolicyCondition;

/**
 * Returns an alert condition that is met once a time series has exceeded a value for the given
 * duration.
 */
export function threshold(
  displayName: string,
  args: {
    readonly filter: pulumi.Input<string>;
    readonly aggregations?: gcp.types.input.monitoring.AlertPolicyConditionConditionThresholdAggregation[];
    readonly above: number;
    readonly duration: string;
  },
): Condition {
  return {
    displayName,
    conditionThreshold: {
      filter: args.filter,
      comparison: 'COMPARISON_GT',
      thresholdValue: args.above,
      duration: args.duration,
      ...(args.aggregations && { aggregations: args.aggregations }),
    },
  };
}

interface Alert {
  readonly title: string;
  readonly severity: 'CRITICAL' | 'ERROR' | 'WARNING';
  /** Instructions for the operator, included in the notification. */
  readonly advice: string;
}

function policy(
  { settings, channels, opts }: MonitoredService,
  name: string,
  { title, severity, advice }: Alert,
  args: Pick<gcp.monitoring.AlertPolicyArgs, 'combiner' | 'conditions' | 'alertStrategy'>,
): void {
  new gcp.monitoring.AlertPolicy(
    name,
    {
      project: settings.project,
      displayName: `${settings.service} ${title}`,
      severity,
      notificationChannels: channels,
      documentation: { content: advice, mimeType: 'text/markdown' },
      ...args,
    },
    opts,
  );
}

/**
 * Creates an alert that fires while all of its metric conditions are met. The metrics must be
 * Google's own: Google rejects an alert on a log-based metric that was just created.
 */
export function alertOnMetrics(
  service: MonitoredService,
  name: string,
  { conditions, ...alert }: Alert & { readonly conditions: Condition[] },
): void {
  policy(service, name, alert, {
    combiner: 'AND',
    conditions,
    alertStrategy: { autoClose: '86400s' },
  });
}

/**
 * Returns the placeholder for a label in the advice of a log alert. Google replaces it with the
 * label's value.
 */
export const extractedLabel = (name: string) => `\${log.extracted_label.${name}}`;

/**
 * Creates an alert that fires when a log entry matches the filter, and notifies at most once an
 * hour. It does not use a log-based metric, because Google may take ten minutes to recognize a new
 * metric. Google allows one condition per log alert and requires a notification rate limit:
 * https://cloud.google.com/logging/docs/alerting/log-based-alerts
 */
export function alertOnLogs(
  service: MonitoredService,
  name: string,
  {
    filter,
    labels,
    ...alert
  }: Alert & {
    readonly filter: pulumi.Input<string>;
    /**
     * Expressions that extract labels from the log entry, by label name. `advice` can refer to
     * these labels.
     */
    readonly labels?: Readonly<Record<string, string>>;
  },
): void {
  policy(service, name, alert, {
    combiner: 'OR',
    conditions: [
      {
        displayName: 'An entry matches',
        conditionMatchedLog: { filter, ...(labels && { labelExtractors: labels }) },
      },
    ],
    alertStrategy: { autoClose: '3600s', notificationRateLimit: { period: '3600s' } },
  });
}
