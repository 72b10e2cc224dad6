import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { processPepper, startProcess, type TestProcess } from '@andamio/testing/service-process';
import type { Stored } from '@andamio/testing/store/store-under-test';
import { jwtSecret } from '@andamio/testing/tokens';
import { inject, onTestFinished } from 'vitest';
import {
  firestoreClient,
  firestoreSettings,
  freshProject,
  readFile,
  readFirestore,
  temporaryFile,
} from './stores.ts';

const admin = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

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

/** A store that is empty at first, and the settings that select it. */
interface ConfiguredStore {
  /** Environment variables that select the store. */
  readonly settings: Environment;
  /**
   * Returns everything in the store, by collection or table. It does not use the code under test.
   */
  read(): Promise<Record<string, Stored[]>>;
}

/** Functions that create an empty store, by kind of store. */
const storeFactories: Readonly<Record<'SQLite' | 'Firestore', () => ConfiguredStore>> = {
  SQLite() {
    const path = temporaryFile();
    return { settings: { SQLITE_PATH: path }, read: async () => readFile(path) };
  },
  Firestore() {
    const emulatorHost = inject('emulatorHost') as string;
    const project = freshProject();
    return {
      settings: firestoreSettings(emulatorHost, project),
      read: () => readFirestore(firestoreClient(emulatorHost, project)),
    };
  },
};

/** A running service, and `admin.js` with the same settings. */
export interface AdminFixture extends ConfiguredStore {
  readonly service: TestProcess;
  /** Runs a command and waits until it exits. */
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

/** Starts a service, which is killed when the current test finishes. */
export async function startAdminFixture(
  kind: keyof typeof storeFactories,
  more: Environment = {},
): Promise<AdminFixture> {
  const store = storeFactories[kind]();
  const settings: Environment = {
    JWT_SECRETS: jwtSecret,
    KEY_PEPPERS: `test:${processPepper}`,
    VERIFY_CACHE_SECONDS: '1',
    ...store.settings,
    ...more,
  };
  const service = await startProcess(settings);
  onTestFinished(() => service.signal('SIGKILL'));
  const runs: AdminRun[] = [];
  const run: AdminFixture['run'] = async (args, options = {}) => {
    const result = await spawnAdmin(args, { ...settings, ...options.settings }, options.input)
      .result;
    runs.push(result);
    return result;
  };
  const json: AdminFixture['json'] = async (args, options) =>
    JSON.parse((await run([...args, '--json'], options)).stdout);
  return { service, settings, read: store.read, run, json, runs };
}
