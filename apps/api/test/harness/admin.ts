import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { KeyStore } from '@andamio/keys/store';
import { processPepper } from '@andamio/testing/service-process';
import { connected, type Stored } from '@andamio/testing/store/store-under-test';
import { inject, onTestFinished } from 'vitest';
import { runAdmin } from '../../src/admin/run.ts';
import { createFirestoreStore } from '../../src/store/firestore/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, verifyCacheSeconds } from './app.ts';
import {
  firestoreClient,
  firestoreSettings,
  freshProject,
  readFile,
  readFirestore,
  temporaryFile,
} from './stores.ts';

const admin = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));
const operatorsPage = fileURLToPath(new URL('../../dist/operators', import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

export interface AdminRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts the built `admin.js` with the given environment. It inherits only PATH and HOME from this
 * process.
 */
export function spawnAdmin(
  args: readonly string[],
  environment: Environment,
  input = '',
  cwd = tmpdir(),
) {
  const child = spawn(process.execPath, [admin, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  child.stdin.on('error', () => {}); // The process may exit without reading its input.
  child.stdin.end(input);
  const result = new Promise<AdminRun>((resolve) =>
    child.once('close', (code) => resolve({ code, ...output })),
  );
  return {
    result,
    /** The output so far. */
    output: output as Readonly<typeof output>,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Runs a command in this process, with streams and an environment of its own. */
export async function runCommand(
  args: readonly string[],
  environment: Environment,
  input = '',
): Promise<AdminRun> {
  const output = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof output) =>
    new Writable({
      write(chunk, _, done) {
        output[name] += chunk;
        done();
      },
    });
  const code = await runAdmin(
    args,
    {
      env: environment,
      stdin: Readable.from([input]),
      stdout: collect('stdout'),
      stderr: collect('stderr'),
      on() {},
      off() {},
    },
    operatorsPage,
  );
  return { code, ...output };
}

/** A store that is empty at first, and the settings that select it. */
interface ConfiguredStore {
  /** Environment variables that select the store. */
  readonly settings: Environment;
  /** Opens the store for a service. */
  open(): KeyStore;
  /**
   * Returns everything in the store, by collection or table. It does not use the code under test.
   */
  read(): Promise<Record<string, Stored[]>>;
}

type StoreKind = 'SQLite' | 'Firestore';

const storeFactories: Readonly<Record<StoreKind, () => ConfiguredStore>> = {
  SQLite() {
    const path = temporaryFile();
    return {
      settings: { SQLITE_PATH: path },
      open: () => createSqliteStore(path, Date.now),
      read: async () => readFile(path),
    };
  },
  Firestore() {
    const emulatorHost = inject('emulatorHost') as string;
    const project = freshProject();
    return {
      settings: firestoreSettings(emulatorHost, project),
      open: () => createFirestoreStore({ project, database: '(default)', emulatorHost }),
      read: () => readFirestore(firestoreClient(emulatorHost, project)),
    };
  },
};

/** Creates an empty store. */
export const storeOf = (kind: StoreKind): ConfiguredStore => storeFactories[kind]();

/** The stores that this machine can run. */
export const storeKinds = [
  'SQLite',
  ...(inject('emulatorHost') === undefined ? [] : (['Firestore'] as const)),
] as const;

/** A running service, and the commands of `admin.js` on its store. Both run in this process. */
export interface AdminFixture extends Omit<ConfiguredStore, 'open'> {
  /** The base URL of the service. */
  readonly url: string;
  /** Stores the unreported usage of the service immediately. */
  storeUsage(): Promise<void>;
  /** Lets the time pass after which the service no longer uses cached verifications. */
  expireCache(): void;
  /** Runs a command. */
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly settings?: Environment },
  ): Promise<AdminRun>;
  /** Runs a command with `--json` and returns the parsed output. */
  json(
    args: readonly string[],
    options?: Parameters<AdminFixture['run']>[1],
  ): Promise<Record<string, unknown>>;
  /** Results of all commands so far. */
  readonly runs: readonly AdminRun[];
}

/** Starts a service, which is closed when the current test finishes. */
export async function startAdminFixture(kind: StoreKind): Promise<AdminFixture> {
  const { open, read, ...store } = storeOf(kind);
  const settings: Environment = { KEY_PEPPERS: `test:${processPepper}`, ...store.settings };
  let passed = 0;
  const opened = open();
  await connected(opened); // Creates the store, as a service does when it starts.
  const app = await startApp({
    store: opened,
    peppers: [{ version: 'test', secret: Buffer.from(processPepper, 'base64') }],
    monotonicNow: () => performance.now() + passed,
  });
  onTestFinished(() => app.close());
  const runs: AdminRun[] = [];
  const run: AdminFixture['run'] = async (args, options = {}) => {
    const result = await runCommand(args, { ...settings, ...options.settings }, options.input);
    runs.push(result);
    return result;
  };
  return {
    url: app.url,
    settings,
    read,
    storeUsage: () => app.storeUsage(),
    expireCache() {
      passed += verifyCacheSeconds * 1000;
    },
    run,
    json: async (args, options) => JSON.parse((await run([...args, '--json'], options)).stdout),
    runs,
  };
}
