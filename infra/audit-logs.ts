import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings/index.ts';

/** Firestore's data accesses are configured under Datastore's name: https://cloud.google.com/firestore/native/docs/audit-logging */
const audited = ['secretmanager.googleapis.com', 'datastore.googleapis.com'];

/** Who read or changed secrets and documents. Without these, Google logs administration alone. */
export class AuditLogs extends pulumi.ComponentResource {
  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:AuditLogs', 'audit-logs', {}, opts);
    for (const service of audited) {
      new gcp.projects.IAMAuditConfig(
        `audit-${service.replace('.googleapis.com', '')}`,
        {
          project: settings.project,
          service,
          auditLogConfigs: [{ logType: 'ADMIN_READ' }, { logType: 'DATA_READ' }, { logType: 'DATA_WRITE' }],
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
