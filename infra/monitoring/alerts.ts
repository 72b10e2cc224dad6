import { logEvents } from '@andamio/schema/log-events';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { policy, threshold } from './alert-policy.ts';
import type { Watched } from './index.ts';

const perMinute = {
  alignmentPeriod: '60s',
  perSeriesAligner: 'ALIGN_DELTA',
  crossSeriesReducer: 'REDUCE_SUM',
} as const;

/** Alerts on what no objective shows soon enough, or at all. */
export function alerts(watched: Watched): void {
  const { settings, opts } = watched;
  const revision = `resource.type="cloud_run_revision" AND resource.labels.service_name="${settings.service}"`;

  policy(watched, 'alert-5xx', {
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

  const logged = (name: string, description: string, filter: string) =>
    new gcp.logging.Metric(
      `metric-${name}`,
      {
        project: settings.project,
        name: `${settings.service}/${name}`,
        description,
        filter,
        metricDescriptor: { metricKind: 'DELTA', valueType: 'INT64', unit: '1' },
      },
      opts,
    );

  const databaseErrors = logged(
    'database-errors',
    'The key store did not answer a readiness check',
    `${revision} AND severity>=WARNING AND jsonPayload.message="${logEvents.keyStoreUnavailable}"`,
  );
  policy(watched, 'alert-database', {
    title: 'cannot reach its database',
    severity: 'ERROR',
    advice:
      'Requests are answered 500 until Firestore answers again; nothing is lost. See https://status.cloud.google.com, quotas, and whether the runtime account still has its role.',
    conditions: [
      threshold('Database errors a minute', {
        filter: pulumi.interpolate`${revision} AND metric.type="logging.googleapis.com/user/${databaseErrors.name}"`,
        aggregations: [perMinute],
        above: 0,
        duration: '60s',
      }),
    ],
  });

  const refusals = logged(
    'secret-access-refused',
    'Somebody was refused a secret of the service',
    `protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.status.code=7 AND protoPayload.resourceName:"/secrets/${settings.service}-"`,
  );
  policy(watched, 'alert-secret-access', {
    title: 'had an access to its secrets refused',
    severity: 'WARNING',
    advice:
      'The audit log says who: protoPayload.authenticationInfo.principalEmail. Either a role is missing after a change, or somebody tries what they may not.',
    conditions: [
      threshold('Refusals a minute', {
        filter: pulumi.interpolate`resource.type="audited_resource" AND metric.type="logging.googleapis.com/user/${refusals.name}"`,
        aggregations: [perMinute],
        above: 0,
        duration: '0s',
      }),
    ],
  });
}
