import { healthPaths } from '@andamio/schema/health';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Host } from '../../public-host.ts';
import { alertOnMetrics, type MonitoredService, threshold } from './alert-policy.ts';

/**
 * Creates an uptime check of the service's readiness endpoint, and an alert that fires when the
 * check fails. Google calls the endpoint every minute from several continents. The endpoint also
 * checks the database.
 */
export function uptime(service: MonitoredService, host: Host): void {
  const { settings, opts } = service;
  const check = new gcp.monitoring.UptimeCheckConfig(
    'uptime',
    {
      project: settings.project,
      displayName: `${settings.service} is ready`,
      period: '60s',
      timeout: '10s',
      httpCheck: { path: healthPaths.ready, port: 443, useSsl: true, validateSsl: true },
      monitoredResource: {
        type: 'uptime_url',
        labels: { project_id: settings.project, host: new URL(host.url).host },
      },
    },
    opts,
  );
  alertOnMetrics(service, 'alert-uptime', {
    title: 'does not respond',
    severity: 'CRITICAL',
    advice:
      'The readiness check fails from more than one region. Check whether Firestore or Cloud Run have an incident, then check the log of the service.',
    conditions: [
      threshold('The check fails', {
        filter: pulumi.interpolate`metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND metric.labels.check_id="${check.uptimeCheckId}"`,
        aggregations: [
          {
            alignmentPeriod: '120s',
            perSeriesAligner: 'ALIGN_NEXT_OLDER',
            crossSeriesReducer: 'REDUCE_COUNT_FALSE',
            groupByFields: ['resource.label.host'],
          },
        ],
        above: 1,
        duration: '120s',
      }),
    ],
  });
}
