import { type Collection, collections } from '@andamio/schema/firestore-layout';
import type { ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import { forKind, forStack, resourcesOf, type StackResource } from '../validation.ts';

/**
 * Requires point-in-time recovery for every database. Source: Google, "Firestore: Point-in-time
 * recovery".
 */
export const pointInTimeRecovery: ResourceValidationPolicy = {
  name: 'firestore-point-in-time-recovery',
  description: 'Point-in-time recovery is enabled for every database.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('database', ({ pointInTimeRecoveryEnablement }, refuse) => {
    if (pointInTimeRecoveryEnablement === 'POINT_IN_TIME_RECOVERY_ENABLED') return;
    refuse(
      'Point-in-time recovery is disabled',
      'Data that a faulty release overwrites could be restored only from the last backup',
      'Set pointInTimeRecoveryEnablement to POINT_IN_TIME_RECOVERY_ENABLED',
    );
  }),
};

/**
 * Reports whether a backup schedule or field belongs to a database. URNs are compared first,
 * because the database's name may be unknown at preview.
 */
function belongsTo(
  part: StackResource<'backupSchedule' | 'field'>,
  database: StackResource<'database'>,
): boolean {
  const owners =
    part.propertyDependencies['database']?.filter(({ type }) => type === database.type) ?? [];
  if (owners.length > 0) return owners.some(({ urn }) => urn === database.urn);
  return (part.props.database ?? '(default)') === (database.props.name ?? '(default)');
}

/**
 * Requires a backup schedule for every database. Source: Google, "Firestore: Back up and restore
 * data".
 */
export const backups: StackValidationPolicy = {
  name: 'firestore-backups',
  description: 'Every database has a backup schedule.',
  enforcementLevel: 'mandatory',
  validateStack: forStack((args, refuse) => {
    const schedules = resourcesOf(args, 'backupSchedule');
    for (const database of resourcesOf(args, 'database')) {
      if (schedules.some((schedule) => belongsTo(schedule, database))) continue;
      refuse(
        `The database ${database.name} has no backup schedule`,
        'A loss of data that is noticed after more than seven days could not be repaired',
        'Add a firestore.BackupSchedule for the database',
      );
    }
  }),
};

const expiring = Object.values<Collection>(collections).filter(
  ({ ttlField }) => ttlField !== undefined,
);

/**
 * Requires a TTL policy for each field that packages/schema declares as a TTL field, so that
 * expired documents are deleted. Source: Google, "Firestore: Manage data retention with TTL
 * policies".
 */
export const expiry: StackValidationPolicy = {
  name: 'firestore-ttl',
  description: 'Expired documents are deleted.',
  enforcementLevel: 'mandatory',
  validateStack: forStack((args, refuse) => {
    const fields = resourcesOf(args, 'field').filter(({ props }) => props.ttlConfig);
    for (const database of resourcesOf(args, 'database')) {
      const ownFields = fields.filter((field) => belongsTo(field, database));
      for (const { id, ttlField } of expiring) {
        if (ownFields.some(({ props }) => props.collection === id && props.field === ttlField))
          continue;
        refuse(
          `The database ${database.name} has no TTL policy for ${ttlField} of ${id}`,
          'Expired data about users would never be deleted',
          `Add a firestore.Field for ${ttlField} of ${id} with a ttlConfig`,
        );
      }
    }
  }),
};
