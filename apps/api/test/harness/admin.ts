import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import { processPepper, startProcess, type TestProcess } from './process.ts';
import { firestoreClient, freshProject, readFile, readFirestore, type Stored, temporaryFile } from './stores.ts';
import { jwtSecret } from './tokens.ts';

const admin = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

/** What the operators' tool did. */
export interface AdminRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the operators' tool as it is built, with these variables and no others of its own. */
export function spawnAdmin(args: readonly string[], environment: Environment, input = '', cwd = tmpdir()) {
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
  child.stdin.on('error', () => {}); // It may end without having read.
  child.stdin.end(input);
  const ended = new Promise<AdminRun>((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  return { ended, kill: () => void child.kill('SIGKILL') };
}

/** A store with the settings that name it, and a way past service and tool to what is in it. */
interface NamedStore {
  readonly settings: Environment;
  read(): Promise<Record<string, Stored[]>>;
}

/** The stores that the tool works on, by name. */
export const namedStores: Readonly<Record<'SQLite' | 'Firestore', () => NamedStore>> = {
  SQLite() {
    const path = temporaryFile();
    return { settings: { SQLITE_PATH: path }, read: async () => readFile(path) };
  },
  Firestore() {
    const emulatorHost = inject('emulatorHost') as string;
    const project = freshProject();
    const settings = {
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: project,
      FIRESTORE_EMULATOR_HOST: emulatorHost,
    };
    return { settings, read: () => readFirestore(firestoreClient(emulatorHost, project)) };
  },
};

/** A running service, and the tool on the same store by the same settings. */
export interface Workplace extends NamedStore {
  readonly service: TestProcess;
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly settings?: Environment },
  ): Promise<AdminRun>;
  /** Runs a command with `--json` and reads what it says. */
  json(args: readonly string[], options?: Parameters<Workplace['run']>[1]): Promise<Record<string, unknown>>;
  /** All runs so far. */
  readonly runs: readonly AdminRun[];
}

/** Starts a service for one test. */
export async function startWorkplace(kind: keyof typeof namedStores, more: Environment = {}): Promise<Workplace> {
  const store = namedStores[kind]();
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
  const run: Workplace['run'] = async (args, options = {}) => {
    const ended = await spawnAdmin(args, { ...settings, ...options.settings }, options.input).ended;
    runs.push(ended);
    return ended;
  };
  const json: Workplace['json'] = async (args, options) => JSON.parse((await run([...args, '--json'], options)).stdout);
  return { service, settings, read: store.read, run, json, runs };
}
