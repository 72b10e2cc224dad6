import { verifyApiKey } from '@andamio/schema/operations';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/**
 * Returns a filter for log entries that match all terms and have a severity below WARNING:
 * https://cloud.google.com/logging/docs/view/logging-query-language
 */
function routine(terms: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all([...terms, 'severity<WARNING']).apply((all) => all.join(' AND '));
}

/**
 * Log exclusions for the routine entries of a service, which make up most of the log under load.
 * Google does not store excluded entries. Settings can remove the exclusions. An exclusion applies
 * to the project's sink `_Default`; other sinks, such as those of an organization, still receive
 * the entries.
 */
export class LogExclusions extends pulumi.ComponentResource {
  constructor(
    settings: Settings,
    account: gcp.serviceaccount.Account,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:service:LogExclusions', 'log-exclusions', {}, opts);
    const { project, service } = settings;
    const exclude = (name: string, description: string, terms: readonly pulumi.Input<string>[]) =>
      new gcp.logging.ProjectExclusion(
        `exclude-${name}`,
        {
          project,
          name: `${service}-${name}`,
          description,
          filter: routine(terms),
        },
        { parent: this },
      );
    if (!settings.logVerifications)
      exclude('verifications', `Cloud Run's log lines of valid keys at ${service}`, [
        'resource.type="cloud_run_revision"',
        `resource.labels.service_name="${service}"`,
        'log_id("run.googleapis.com/requests")',
        'httpRequest.status=200',
        `httpRequest.requestUrl=~"^https?://[^/]+${verifyApiKey.path}([/?]|$)"`,
      ]);
    if (!settings.logDatabaseCalls)
      exclude('database-calls', `Data access log of ${service} on Firestore`, [
        'log_id("cloudaudit.googleapis.com/data_access")',
        // The entries name Firestore, although data access logs are enabled under the name of
        // Datastore: https://cloud.google.com/firestore/docs/audit-logging
        'protoPayload.serviceName="firestore.googleapis.com"',
        pulumi.interpolate`protoPayload.authenticationInfo.principalEmail="${account.email}"`,
      ]);
    this.registerOutputs();
  }
}
