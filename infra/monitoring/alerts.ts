import { logEvents } from '@andamio/schema/log-events';
import { alertOnLogs, alertOnMetrics, extractedLabel, threshold } from './alert-policy.ts';
import type { Watched } from './index.ts';

const perMinute = {
  alignmentPeriod: '60s',
  perSeriesAligner: 'ALIGN_DELTA',
  crossSeriesReducer: 'REDUCE_SUM',
} as const;

/** Alerts on what no objective shows soon enough, or at all. */
export function alerts(watched: Watched): void {
  const { settings, secretIds } = watched;
  const revision = `resource.type="cloud_run_revision" AND resource.labels.service_name="${settings.service}"`;

  alertOnMetrics(watched, 'alert-5xx', {
    title: 'answers with 5xx',
    severity: 'ERROR',
    advice: 'More than five requests a minute fail for five minutes. The log names each cause under its request id.',
    conditions: [
      threshold('5xx a minute', {
        filter: `${revision} AND metric.type="run.googleapis.com/request_count" AND metric.labels.response_code_class="5xx"`,
        aggregations: [perMinute],
        above: 5,
        duration: '300s',
      }),
    ],
  });

  alertOnLogs(watched, 'alert-database', {
    title: 'cannot reach its database',
    severity: 'ERROR',
    advice:
      'Requests are answered 500 until Firestore answers again; nothing is lost. See https://status.cloud.google.com, quotas, and whether the runtime account still has its role.',
    filter: `${revision} AND severity>=WARNING AND jsonPayload.message="${logEvents.keyStoreUnavailable}"`,
  });

  if (secretIds.length > 0) {
    alertOnLogs(watched, 'alert-secret-access', {
      title: 'had an access to its secrets refused',
      severity: 'WARNING',
      advice: `${extractedLabel('principal')} was refused ${extractedLabel('secret')}. Either a role is missing after a change, or somebody tries what they may not.`,
      // The names in full: another service's may begin with the name of this one.
      filter: `protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.status.code=7 AND protoPayload.resourceName=~"/secrets/(${secretIds.join('|')})(/|$)"`,
      labels: {
        principal: 'EXTRACT(protoPayload.authenticationInfo.principalEmail)',
        secret: 'EXTRACT(protoPayload.resourceName)',
      },
    });
  }
}
