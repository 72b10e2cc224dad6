import type { StackValidationPolicy } from '@pulumi/policy';
import { forStack, resourcesOf } from '../validation.ts';

/**
 * The services whose data access must be logged. Firestore's logs are configured under the name of
 * Datastore; Google rejects Firestore's own name with a 400 ("Firestore audit logging
 * information").
 */
const auditedServices = ['secretmanager.googleapis.com', 'datastore.googleapis.com'];

/**
 * Requires audit logs of data reads, by all accounts, in each stack that enables a project's APIs.
 * Source: Checkov CKV2_GCP_5.
 */
export const auditLogs: StackValidationPolicy = {
  name: 'project-audit-logs',
  description: 'Reads of secrets and of the database are logged.',
  enforcementLevel: 'mandatory',
  validateStack: forStack((args, refuse) => {
    if (resourcesOf(args, 'projectService').length === 0) return;
    const logged = resourcesOf(args, 'auditConfig')
      .filter(({ props }) =>
        props.auditLogConfigs.some(
          ({ logType, exemptedMembers = [] }) =>
            logType === 'DATA_READ' && exemptedMembers.length === 0,
        ),
      )
      .map(({ props }) => props.service);
    for (const service of auditedServices) {
      if (logged.includes(service) || logged.includes('allServices')) continue;
      refuse(
        `Data reads from ${service} are not logged`,
        'Google does not log reads by default, so a leak could not be traced',
        `Add a projects.IAMAuditConfig for ${service} with DATA_READ and without exemptedMembers`,
      );
    }
  }),
};
