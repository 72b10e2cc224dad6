import { type Collection, collections } from '@andamio/schema/firestore-layout';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

const weeks = (count: number) => `${count * 7 * 86_400}s`;
const days = (count: number) => `${count * 86_400}s`;

/**
 * The Firestore database with its backups, indexes and TTL policies. packages/schema declares which
 * fields need an index or a TTL policy.
 *
 * In a protected stack, Pulumi refuses to delete the database and its backup schedules. Resources
 * without data are not protected: a setting that adds one must be able to remove it again.
 */
export class Database extends pulumi.ComponentResource {
  readonly database: gcp.firestore.Database;

  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:service:Database', 'database', {}, opts);
    const parent = { parent: this };
    const { protect } = settings;
    this.database = new gcp.firestore.Database(
      'firestore',
      {
        project: settings.project,
        name: settings.database,
        locationId: settings.region,
        type: 'FIRESTORE_NATIVE',
        concurrencyMode: 'PESSIMISTIC',
        pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
        deleteProtectionState: protect ? 'DELETE_PROTECTION_ENABLED' : 'DELETE_PROTECTION_DISABLED',
        // The default, ABANDON, would leave the database in place, and the next `up` would fail
        // because the name is taken.
        deletionPolicy: 'DELETE',
      },
      { ...parent, protect, customTimeouts: { create: '10m' } },
    );

    const database = this.database.name;
    const { project } = settings;
    new gcp.firestore.BackupSchedule(
      'backup-daily',
      { project, database, retention: days(7), dailyRecurrence: {} },
      { ...parent, protect },
    );
    new gcp.firestore.BackupSchedule(
      'backup-weekly',
      // 14 weeks is Google's maximum retention of backups.
      { project, database, retention: weeks(14), weeklyRecurrence: { day: 'SUNDAY' } },
      { ...parent, protect },
    );
    for (const collection of Object.values(collections))
      this.#declareFields(collection, settings, parent);
    this.registerOutputs();
  }

  #declareFields(collection: Collection, settings: Settings, opts: pulumi.CustomResourceOptions) {
    const field = (
      name: string,
      args: Pick<gcp.firestore.FieldArgs, 'field' | 'indexConfig' | 'ttlConfig'>,
    ) =>
      new gcp.firestore.Field(
        `${collection.id}-${name}`,
        {
          project: settings.project,
          database: this.database.name,
          collection: collection.id,
          ...args,
        },
        { ...opts, customTimeouts: { create: '30m' } },
      );

    // `*` sets the default for all fields that are not listed separately: no index.
    field('unindexed', { field: '*', indexConfig: {} });
    for (const name of collection.indexedFields) {
      field(`index-${name}`, {
        field: name,
        indexConfig: { indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' }] },
      });
    }
    if (collection.ttlField !== undefined) {
      field('ttl', { field: collection.ttlField, indexConfig: {}, ttlConfig: {} });
    }
  }
}
