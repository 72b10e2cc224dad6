import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { withOperations } from '@andamio/testing/store/operations';
import type {
  ReadableStore,
  Stored,
  StoreUnderTest,
  TestStore,
} from '@andamio/testing/store/store-under-test';
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { onTestFinished } from 'vitest';
import { createFirestoreStore } from '../../src/store/firestore/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';

export function memoryStore(): StoreUnderTest {
  const store = withOperations(createSqliteStore(':memory:', Date.now));
  onTestFinished(() => store.close());
  return { store };
}

/** Returns the path for a database file, in a new folder that is deleted after the test. */
export function temporaryFile(name = 'keys.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** Reads all tables of an embedded store over a separate connection. */
export function readFile(path: string): Record<string, Stored[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
    return Object.fromEntries(
      tables.map(({ name }) => [
        String(name),
        database
          .prepare(`SELECT * FROM "${name}"`)
          .all()
          .map((row) => ({ ...row })),
      ]),
    );
  } finally {
    database.close();
  }
}

export function fileStore(): ReadableStore {
  const path = temporaryFile();
  const another = () => {
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    return store;
  };
  return { store: another(), another, read: async () => readFile(path) };
}

/** Returns an unused project id. Its database on the emulator is empty. */
export function freshProject(): string {
  return `demo-${crypto.randomUUID()}`;
}

/**
 * Returns the settings that select a project's database on an emulator. By default, the database is
 * empty.
 */
export function firestoreSettings(emulatorHost: string, project = freshProject()) {
  return {
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: project,
    FIRESTORE_EMULATOR_HOST: emulatorHost,
  };
}

/** Creates a Firestore client that reads what the service has stored. */
export function firestoreClient(emulatorHost: string, projectId: string): Firestore {
  const client = new Firestore({
    projectId,
    host: emulatorHost,
    ssl: false,
    customHeaders: { Authorization: 'Bearer owner' },
  });
  onTestFinished(() => client.terminate());
  return client;
}

function wholeSeconds(value: unknown): unknown {
  if (value instanceof Timestamp) {
    if (value.nanoseconds !== 0) throw new Error('A stored time is not in whole seconds.');
    return value.seconds;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, wholeSeconds(inner)]),
  );
}

/** Reads all collections of a Firestore database. */
export async function readFirestore(client: Firestore): Promise<Record<string, Stored[]>> {
  const entries = (await client.listCollections()).map(
    async (collection): Promise<[string, Stored[]]> => {
      const { docs } = await collection.get();
      return [
        collection.id,
        docs.map((document) => ({ id: document.id, ...(wholeSeconds(document.data()) as Stored) })),
      ];
    },
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Opens a store in Firestore. The store is closed after the test. */
export function openFirestoreStore(emulatorHost: string, project: string): TestStore {
  const store = withOperations(
    createFirestoreStore({ project, database: '(default)', emulatorHost }),
  );
  onTestFinished(() => store.close());
  return store;
}

export function firestoreStore(
  emulatorHost: string,
): ReadableStore & { readonly client: Firestore } {
  const project = freshProject();
  const another = () => openFirestoreStore(emulatorHost, project);
  const client = firestoreClient(emulatorHost, project);
  return { store: another(), another, client, read: () => readFirestore(client) };
}
