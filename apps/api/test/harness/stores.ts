import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { onTestFinished, vi } from 'vitest';
import type { Administration } from '../../src/keys/administration.ts';
import type { KeyStore } from '../../src/keys/store.ts';
import { createFirestoreStore } from '../../src/store/firestore/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';

/** A stored document or row: `id` and fields, with times in Unix seconds. */
export type Stored = Record<string, unknown>;

/** An empty store for one test, with access to its database. */
export interface StoreUnderTest {
  readonly store: KeyStore & Administration;
  /**
   * Returns everything that is stored, by collection or table. Undefined for an in-memory store.
   */
  readonly read?: () => Promise<Record<string, Stored[]>>;
  /**
   * Opens a second store on the same data, like another process. Undefined for an in-memory store.
   */
  readonly another?: () => KeyStore & Administration;
}

/** A store whose database can be read. */
export type ReadableStore = Required<StoreUnderTest>;

export function memoryStore(): StoreUnderTest {
  const store = createSqliteStore(':memory:', Date.now);
  onTestFinished(() => store.close());
  return { store };
}

/** Returns a path for a database file, in a folder that is removed after the test. */
export function temporaryFile(name = 'keys.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/**
 * Waits until a store responds. The timeout of `check` is too short to connect on a busy machine.
 */
export async function connected(store: KeyStore): Promise<void> {
  await vi.waitFor(() => store.check(), { timeout: 30_000 });
}

/** Reads a whole database of the embedded store over a separate connection. */
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
    const store = createSqliteStore(path, Date.now);
    onTestFinished(() => store.close());
    return store;
  };
  return { store: another(), another, read: async () => readFile(path) };
}

/** Returns an unused project id, which has an empty database on the emulator. */
export function freshProject(): string {
  return `demo-${crypto.randomUUID()}`;
}

/** Creates a Firestore client for reading what the service stored. */
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
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, wholeSeconds(inner)]));
}

/** Reads a whole Firestore database. */
export async function readFirestore(client: Firestore): Promise<Record<string, Stored[]>> {
  const entries = (await client.listCollections()).map(async (collection): Promise<[string, Stored[]]> => {
    const { docs } = await collection.get();
    return [collection.id, docs.map((document) => ({ id: document.id, ...(wholeSeconds(document.data()) as Stored) }))];
  });
  return Object.fromEntries(await Promise.all(entries));
}

export function firestoreStore(emulatorHost: string): ReadableStore & { readonly client: Firestore } {
  const project = freshProject();
  const another = () => {
    const store = createFirestoreStore({ project, database: '(default)', emulatorHost });
    onTestFinished(() => store.close());
    return store;
  };
  const client = firestoreClient(emulatorHost, project);
  return { store: another(), another, client, read: () => readFirestore(client) };
}
