import { logEvents } from '@andamio/schema/log-events';
import {
  alertOnLogs,
  alertOnMetrics,
  extractedLabel,
  type MonitoredService,
  threshold,
} from './alert-policy.ts';

const perMinute = {
  alignmentPeriod: '60s',
  perSeriesAligner: 'ALIGN_DELTA',
  crossSeriesReducer: 'REDUCE_SUM',
} as const;

/**
 * Creates alerts for failures that the service level objectives detect too late or not at all.
 *
 * @param secretIds Secret Manager ids of the service's secrets
 */
export function alerts(service: MonitoredService, secretIds: readonly string[]): void {
  const { settings } = service;
  const revision = `resource.type="cloud_run_revision" AND resource.labels.service_name="${settings.service}"`;

  alertOnMetrics(service, 'alert-5xx', {
    title: 'answers with 5xx',
    severity: 'ERROR',
    advice:
      'More than five requests a minute fail for five minutes. The log names each cause under its request id.',
    conditions: [
      threshold('5xx a minute', {
        filter: `${revision} AND metric.type="run.googleapis.com/request_count" AND metric.labels.response_code_class="5xx"`,
        aggregations: [perMinute],
        above: 5,
        duration: '300s',
      }),
    ],
  });

  alertOnLogs(service, 'alert-database', {
    title: 'cannot reach its database',
    severity: 'ERROR',
    advice:
      'Requests are answered 500 until Firestore answers again; nothing is lost. See https://status.cloud.google.com, quotas, and whether the runtime account still has its role.',
    filter: `${revision} AND severity>=WARNING AND jsonPayload.event="${logEvents.keyStoreUnavailable.event}"`,
  });

  if (settings.sharedRateLimits) {
    alertOnLogs(service, 'alert-redis', {
      title: 'counts rate limits in each instance alone',
      severity: 'WARNING',
      advice: `Redis is of no use: ${extractedLabel('cause')} A client may get its limit from every instance until it recovers. A failover ends by itself within seconds: look for "${logEvents.redisRecovered.message}" in the log. Otherwise do what the cause says.`,
      filter: `${revision} AND severity>=WARNING AND jsonPayload.event="${logEvents.redisUnavailable.event}"`,
      labels: { cause: 'EXTRACT(jsonPayload.err.message)' },
    });
  }

  const fetchesKeys =
    settings.jwksUrl ?? settings.jwtOidcIssuer ?? settings.githubSecretScanningKeysUrl;
  if (fetchesKeys !== undefined) {
    alertOnLogs(service, 'alert-signing-keys', {
      title: 'cannot fetch signing keys',
      severity: 'ERROR',
      advice: `${extractedLabel('setting')} names ${extractedLabel('url')}, which cannot be fetched: ${extractedLabel('cause')} The keys that were fetched stay in use for 24 hours, then requests that need them are answered 500. Ask the operator of that address.`,
      filter: `${revision} AND severity>=WARNING AND jsonPayload.event="${logEvents.signingKeysUnavailable.event}"`,
      labels: {
        setting: 'EXTRACT(jsonPayload.setting)',
        url: 'EXTRACT(jsonPayload.url)',
        cause: 'EXTRACT(jsonPayload.err.message)',
      },
    });
  }

  if (secretIds.length > 0) {
    alertOnLogs(service, 'alert-secret-access', {
      title: 'had an access to its secrets refused',
      severity: 'WARNING',
      advice: `${extractedLabel('principal')} was refused ${extractedLabel('secret')}. Either a role is missing after a change, or somebody tries what they may not.`,
      // The filter compares full resource names, because one service's name may be a prefix of
      // another's.
      filter: `protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.status.code=7 AND protoPayload.resourceName=~"/secrets/(${secretIds.join('|')})(/|$)"`,
      labels: {
        principal: 'EXTRACT(protoPayload.authenticationInfo.principalEmail)',
        secret: 'EXTRACT(protoPayload.resourceName)',
      },
    });
  }
}
