import type { StackValidationPolicy } from '@pulumi/policy';
import { forStack, resourcesOf } from '../validation.ts';

/**
 * The services whose data accesses are logged. Firestore's logs are configured under Datastore's
 * name only. Google rejects Firestore's own name with a 400 ("Firestore audit logging
 * information").
 */
const auditedServices = ['secretmanager.googleapis.com', 'datastore.googleapis.com'];

/**
 * Source: Checkov CKV2_GCP_5. The stack that enables a project's APIs also configures its audit
 * logs.
 */
export const auditLogs: StackValidationPolicy = {
  name: 'project-audit-logs',
  description: 'Reads of secrets and of the database leave a trace.',
  enforcementLevel: 'mandatory',
  validateStack: forStack((args, refuse) => {
    if (resourcesOf(args, 'projectService').length === 0) return;
    const logged = resourcesOf(args, 'auditConfig')
      .filter(({ props }) => props.auditLogConfigs.some(({ logType }) => logType === 'DATA_READ'))
      .map(({ props }) => props.service);
    for (const service of auditedServices) {
      if (logged.includes(service) || logged.includes('allServices')) continue;
      refuse(
        `Nobody logs who reads from ${service}`,
        'Google keeps no log of reads unless told to, so that a leak could not be traced',
        `Add a projects.IAMAuditConfig for ${service} with DATA_READ`,
      );
    }
  }),
};
