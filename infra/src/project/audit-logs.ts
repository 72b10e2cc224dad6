import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/**
 * The services whose data access is logged. Firestore's logs are configured under the name of
 * Datastore: https://cloud.google.com/firestore/native/docs/audit-logging
 */
const audited = ['secretmanager.googleapis.com', 'datastore.googleapis.com'];

/**
 * Data access logs for secrets and Firestore documents. By default, Google logs only administrative
 * activity.
 */
export class AuditLogs extends pulumi.ComponentResource {
  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:AuditLogs', 'audit-logs', {}, opts);
    for (const service of audited) {
      new gcp.projects.IAMAuditConfig(
        `audit-${service.replace('.googleapis.com', '')}`,
        {
          project: settings.project,
          service,
          auditLogConfigs: [
            { logType: 'ADMIN_READ' },
            { logType: 'DATA_READ' },
            { logType: 'DATA_WRITE' },
          ],
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
