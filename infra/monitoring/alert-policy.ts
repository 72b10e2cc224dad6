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

/** An alert: what is the matter, how bad it is, and what to do, which stands in the message itself. */
export function policy(
  { settings, channels, opts }: Watched,
  name: string,
  args: {
    readonly title: string;
    readonly severity: 'CRITICAL' | 'ERROR' | 'WARNING';
    readonly advice: string;
    readonly conditions: Condition[];
  },
): gcp.monitoring.AlertPolicy {
  return new gcp.monitoring.AlertPolicy(
    name,
    {
      project: settings.project,
      displayName: `${settings.service} ${args.title}`,
      combiner: 'AND',
      severity: args.severity,
      conditions: args.conditions,
      notificationChannels: channels,
      documentation: { content: args.advice, mimeType: 'text/markdown' },
      alertStrategy: { autoClose: '86400s' },
    },
    opts,
  );
}
