import { randomUUID } from 'node:crypto';
import type { Cloud, Stored } from './cloud.ts';
import { GoogleError } from './error.ts';
import { resourceTypes } from './resources/index.ts';
import type { Route } from './rest.ts';

const databaseType = 'gcp:firestore/database:Database';

export interface Backup {
  readonly name: string;
  /** Full name of the database that the backup is from. */
  readonly database: string;
  /** Time of the backup in RFC 3339 format. */
  readonly snapshotTime: string;
}

/** Creates a backup of a database, as a backup schedule does. Returns the backup. */
export async function backUp(database: string, cloud: Cloud): Promise<Backup> {
  const stored = cloud.resources.get(database);
  if (stored === undefined) throw new Error(`The fake Google has no ${database}.`);
  const id = randomUUID();
  const { project, locationId } = stored.inputs;
  const backup = {
    name: `projects/${project}/locations/${locationId}/backups/${id}`,
    database,
    snapshotTime: new Date(cloud.now()).toISOString(),
  };
  await cloud.machinery?.copyDatabase(database, `projects/${project}/databases/backup-${id}`);
  cloud.backups.push(backup);
  return backup;
}

/**
 * Creates a database from a backup, with the database's settings that Google restores.
 *
 * @returns the full name of the database
 * @throws {GoogleError} if the backup does not exist, or the name is invalid or taken
 */
export async function restore(source: string, databaseId: string, cloud: Cloud): Promise<string> {
  const backup = cloud.backups.find(({ name }) => name === source);
  if (backup === undefined) throw new GoogleError(404, `Backup ${source} does not exist.`);
  const [, project, , location, , id] = backup.name.split('/');
  const inputs = {
    project,
    name: databaseId,
    locationId: location,
    type: 'FIRESTORE_NATIVE',
    concurrencyMode: 'PESSIMISTIC',
    pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_DISABLED',
    deleteProtectionState: 'DELETE_PROTECTION_DISABLED',
  };
  const [problem] = resourceTypes[databaseType]?.check?.(inputs) ?? [];
  if (problem) throw new GoogleError(400, problem);
  const name = `projects/${project}/databases/${databaseId}`;
  if (cloud.resources.has(name)) throw new GoogleError(409, 'Database already exists.');
  await cloud.machinery?.copyDatabase(`projects/${project}/databases/backup-${id}`, name);
  const created = cloud.now();
  cloud.resources.set(name, { type: databaseType, id: name, created, inputs, outputs: inputs });
  return name;
}

/**
 * Returns the routes of backups and databases:
 * https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases
 */
export function databaseRoutes(cloud: Cloud): Route[] {
  const api = 'firestore.googleapis.com';
  const path = '\\/v1\\/projects\\/([^/]+)\\/databases';
  const operations = new Map<string, string[]>();
  /** Returns a finished operation on a database. */
  const finished = (database: string) => {
    const name = `${database}/operations/${randomUUID()}`;
    operations.set(database, [...(operations.get(database) ?? []), name]);
    return { name, done: true };
  };
  const idOf = ([project, name]: readonly string[]) => `projects/${project}/databases/${name}`;
  const required = (id: string): Stored => {
    const stored = cloud.resources.get(id);
    if (stored === undefined)
      throw new GoogleError(404, `Project or database ${id} does not exist.`);
    return stored;
  };
  return [
    {
      pattern: /^GET \/v1\/projects\/([^/]+)\/locations\/([^/]+)\/backups$/,
      api,
      answer: ([project]) => ({
        backups: cloud.backups
          .filter(({ name }) => name.startsWith(`projects/${project}/`))
          .map((backup) => ({ ...backup, state: 'READY' })),
      }),
    },
    {
      // https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/restore
      pattern: new RegExp(`^POST ${path}:restore$`),
      api,
      answer: async (_groups, { backup, databaseId }) =>
        finished(await restore(String(backup), String(databaseId), cloud)),
    },
    {
      pattern: new RegExp(`^GET ${path}\\/([^/]+)\\/operations$`),
      api,
      answer: (groups) => ({
        operations: (operations.get(idOf(groups)) ?? []).map((name) => ({ name, done: true })),
      }),
    },
    {
      pattern: new RegExp(`^GET ${path}\\/([^/]+)\\/operations\\/([^/]+)$`),
      api,
      answer: (groups) => ({ name: `${idOf(groups)}/operations/${groups[2]}`, done: true }),
    },
    {
      pattern: new RegExp(`^PATCH ${path}\\/([^/]+)$`),
      api,
      answer(groups, body, query) {
        const stored = required(idOf(groups));
        const names = (query.get('updateMask') ?? '').split(',');
        const patch = Object.fromEntries(names.map((name) => [name, body[name]]));
        stored.inputs = { ...stored.inputs, ...patch };
        stored.outputs = { ...stored.outputs, ...patch };
        return finished(stored.id);
      },
    },
    {
      pattern: new RegExp(`^DELETE ${path}\\/([^/]+)$`),
      api,
      answer(groups) {
        const { id, inputs } = required(idOf(groups));
        if (inputs['deleteProtectionState'] === 'DELETE_PROTECTION_ENABLED')
          throw new GoogleError(400, `Database ${id} has delete protection enabled.`);
        for (const each of cloud.resources.keys())
          if (each === id || each.startsWith(`${id}/`)) cloud.resources.delete(each);
        return finished(id);
      },
    },
  ];
}
