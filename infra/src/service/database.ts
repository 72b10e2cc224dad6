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

    declareBackups(this.database.name, '', settings, { ...parent, protect });
    declareFields(this.database.name, '', settings, parent);
    this.registerOutputs();
  }
}

/**
 * A database that was restored from a backup or cloned, and that the service uses instead of the
 * stack's own. An operator creates it (docs/operate.md), because Google creates such a database only
 * by a call of its own. This component declares what a backup does not contain: TTL policies and
 * backup schedules. If the service stops using the database, it remains.
 */
export class RestoredDatabase extends pulumi.ComponentResource {
  constructor(name: string, settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:service:RestoredDatabase', 'restored-database', {}, opts);
    const parent = { parent: this };
    declareBackups(name, 'restored-', settings, parent);
    // Without its declared fields, Firestore would begin to index everything in the database.
    declareFields(name, 'restored-', settings, { ...parent, retainOnDelete: true });
    this.registerOutputs();
  }
}

/**
 * Declares the daily and weekly backups of a database.
 *
 * @param prefix text at the beginning of the resources' names, which tells the databases of a stack
 *   apart
 */
function declareBackups(
  database: pulumi.Input<string>,
  prefix: string,
  { project }: Settings,
  opts: pulumi.CustomResourceOptions,
): void {
  new gcp.firestore.BackupSchedule(
    `${prefix}backup-daily`,
    { project, database, retention: days(7), dailyRecurrence: {} },
    opts,
  );
  new gcp.firestore.BackupSchedule(
    `${prefix}backup-weekly`,
    // 14 weeks is Google's maximum retention of backups.
    { project, database, retention: weeks(14), weeklyRecurrence: { day: 'SUNDAY' } },
    opts,
  );
}

/**
 * Declares the indexes and TTL policies of a database.
 *
 * @param prefix as of {@link declareBackups}
 */
function declareFields(
  database: pulumi.Input<string>,
  prefix: string,
  { project }: Settings,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const { id: collection, indexedFields, ttlField } of Object.values<Collection>(
    collections,
  )) {
    const field = (
      name: string,
      args: Pick<gcp.firestore.FieldArgs, 'field' | 'indexConfig' | 'ttlConfig'>,
    ) =>
      new gcp.firestore.Field(
        `${prefix}${collection}-${name}`,
        { project, database, collection, ...args },
        { ...opts, customTimeouts: { create: '30m' } },
      );

    // `*` sets the default for all fields that are not listed separately: no index.
    field('unindexed', { field: '*', indexConfig: {} });
    for (const name of indexedFields) {
      field(`index-${name}`, {
        field: name,
        indexConfig: { indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' }] },
      });
    }
    if (ttlField !== undefined) {
      field('ttl', { field: ttlField, indexConfig: {}, ttlConfig: {} });
    }
  }
}
