import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { Watched } from './index.ts';

type Condition = gcp.types.input.monitoring.AlertPolicyCondition;

/** A condition that holds while a series is above a value for a time. */
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
  /** What to do; it stands in the notification. */
  readonly advice: string;
}

function policy(
  { settings, channels, opts }: Watched,
  name: string,
  { title, severity, advice }: Alert,
  args: Pick<gcp.monitoring.AlertPolicyArgs, 'combiner' | 'conditions' | 'alertStrategy'>,
): gcp.monitoring.AlertPolicy {
  return new gcp.monitoring.AlertPolicy(
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

/** Alerts while all conditions on metrics hold. The metrics must be Google's own: an alert on a new log-based one is refused. */
export function alertOnMetrics(
  watched: Watched,
  name: string,
  { conditions, ...alert }: Alert & { readonly conditions: Condition[] },
): gcp.monitoring.AlertPolicy {
  return policy(watched, name, alert, { combiner: 'AND', conditions, alertStrategy: { autoClose: '86400s' } });
}

/** Returns what Google replaces by the value of a label of the entry, in the advice of an alert on logs. */
export const extractedLabel = (name: string) => `\${log.extracted_label.${name}}`;

/**
 * Alerts on log entries, at most once an hour. Unlike an alert on a log-based metric, which Google does not know for up to ten
 * minutes after its creation, it can be created at once. Google takes one condition, and asks for a limit on notifications:
 * https://cloud.google.com/logging/docs/alerting/log-based-alerts
 */
export function alertOnLogs(
  watched: Watched,
  name: string,
  {
    filter,
    labels,
    ...alert
  }: Alert & {
    readonly filter: pulumi.Input<string>;
    /** Values from the entry, by the labels that `advice` shows. */
    readonly labels?: Readonly<Record<string, string>>;
  },
): gcp.monitoring.AlertPolicy {
  return policy(watched, name, alert, {
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
