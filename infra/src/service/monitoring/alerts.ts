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
    title: 'responds with 5xx',
    severity: 'ERROR',
    advice:
      'More than five requests per minute have failed for five minutes. The log contains the cause of each failure with its request id.',
    conditions: [
      threshold('5xx per minute', {
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
      'The service responds with 500 until Firestore responds again. No data is lost. Check https://status.cloud.google.com, the quotas, and the role of the runtime account.',
    filter: `${revision} AND severity>=WARNING AND jsonPayload.event="${logEvents.keyStoreUnavailable.event}"`,
  });

  if (settings.sharedRateLimits) {
    alertOnLogs(service, 'alert-redis', {
      title: 'counts rate limits per instance',
      severity: 'WARNING',
      advice: `Redis is unavailable: ${extractedLabel('cause')} Until it recovers, each instance applies the full limit of a client separately. After a failover, the service reconnects within seconds and logs "${logEvents.redisRecovered.message}". Otherwise, fix the cause.`,
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
      advice: `The URL in ${extractedLabel('setting')}, ${extractedLabel('url')}, cannot be fetched: ${extractedLabel('cause')} The service uses the fetched keys for 24 hours. After that, it responds with 500 to requests that need them. Contact the operator of the URL.`,
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
      title: 'was denied access to its secrets',
      severity: 'WARNING',
      advice: `${extractedLabel('principal')} was denied access to ${extractedLabel('secret')}. Either a change removed a role, or an unauthorized account tried to read the secret.`,
      // The filter matches complete secret ids, because one service's name may be a prefix of
      // another's.
      filter: `protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.status.code=7 AND protoPayload.resourceName=~"/secrets/(${secretIds.join('|')})(/|$)"`,
      labels: {
        principal: 'EXTRACT(protoPayload.authenticationInfo.principalEmail)',
        secret: 'EXTRACT(protoPayload.resourceName)',
      },
    });
  }
}
