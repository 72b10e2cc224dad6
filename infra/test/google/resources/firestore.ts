import { randomUUID } from 'node:crypto';
import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, text } from './common.ts';

function requireDatabase(inputs: Properties, cloud: Cloud): void {
  const id = `projects/${text(inputs, 'project')}/databases/${text(inputs, 'database')}`;
  if (!cloud.resources.has(id))
    throw new GoogleError(404, `The database ${inputs['database']} does not exist.`);
}

const seconds = (duration: unknown) => Number(String(duration).replace(/s$/, ''));

export const firestore: Record<string, ResourceType> = {
  'gcp:firestore/database:Database': {
    api: 'firestore.googleapis.com',
    message: ['firestore-v1', 'GoogleFirestoreAdminV1Database'],
    replacedBy: ['project', 'name', 'locationId'],
    id: (inputs) => `projects/${text(inputs, 'project')}/databases/${text(inputs, 'name')}`,
    check: (inputs) =>
      form(
        inputs,
        'name',
        /^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/,
        'must be (default) or 4 to 63 of a-z, 0-9 and -',
      ),
    outputs: () => ({ uid: '0a1b', earliestVersionTime: '', versionRetentionPeriod: '604800s' }),
    protectedBy: (outputs) =>
      outputs['deleteProtectionState'] === 'DELETE_PROTECTION_ENABLED'
        ? 'delete protection is enabled'
        : undefined,
    abandons: (outputs) => outputs['deletionPolicy'] !== 'DELETE',
    keeps: {
      seconds: 300,
      refusal: (id, left) =>
        new GoogleError(
          400,
          `Database ID '${id.split('/').at(-1)}' is not available in project '${id.split('/')[1]}'. Please retry in ${left} seconds.`,
        ),
    },
  },
  'gcp:firestore/field:Field': {
    api: 'firestore.googleapis.com',
    message: ['firestore-v1', 'GoogleFirestoreAdminV1Field'],
    replacedBy: ['project', 'database', 'collection', 'field'],
    idempotent: true,
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/databases/${text(inputs, 'database')}/collectionGroups/${text(inputs, 'collection')}/fields/${text(inputs, 'field')}`,
    admit(inputs, cloud) {
      requireDatabase(inputs, cloud);
      const others = cloud
        .of('gcp:firestore/field:Field')
        .filter(
          (each) =>
            each.inputs['collection'] === inputs['collection'] &&
            each.inputs['database'] === inputs['database'],
        );
      const ttl = others.filter(
        (each) => each.inputs['ttlConfig'] && each.inputs['field'] !== inputs['field'],
      );
      if (inputs['ttlConfig'] && ttl.length > 0)
        throw new GoogleError(400, 'Only one TTL field a collection group is allowed.');
    },
    outputs(inputs, cloud) {
      return { name: this.id(inputs, cloud) };
    },
  },
  'gcp:firestore/backupSchedule:BackupSchedule': {
    api: 'firestore.googleapis.com',
    message: ['firestore-v1', 'GoogleFirestoreAdminV1BackupSchedule'],
    replacedBy: ['project', 'database', 'dailyRecurrence', 'weeklyRecurrence'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/databases/${text(inputs, 'database')}/backupSchedules/${randomUUID()}`,
    admit(inputs, cloud) {
      requireDatabase(inputs, cloud);
      if (seconds(inputs['retention']) > 14 * 7 * 86_400)
        throw new GoogleError(400, 'Retention must be at most 14 weeks.');
    },
    outputs: (_inputs, _cloud, _before, id) => ({ name: id }),
  },
};
