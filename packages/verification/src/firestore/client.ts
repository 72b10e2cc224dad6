// Importing this module loads the Firestore library and gRPC. Import it dynamically on the first
// call rather than at startup.
import { Firestore, type Settings } from '@google-cloud/firestore';
import { catchSetupFailures } from './connection-setup.ts';
import { DeferredCredentials } from './credentials.ts';
import { bindCall } from './deadline.ts';

/** The location of a Firestore database. */
export interface DatabaseAddress {
  readonly project: string;
  readonly database: string;
}

/**
 * The OAuth scope that Firestore requires
 * (https://firebase.google.com/docs/firestore/reference/rpc).
 */
const scopes = ['https://www.googleapis.com/auth/datastore'];

/**
 * Reports whether calls go to the Firestore emulator, which needs no credentials. Reads the same
 * environment variable as the client library.
 */
function isEmulator(settings: Settings): boolean {
  // biome-ignore lint/style/noProcessEnv: the library reads this variable to choose an emulator.
  return settings.ssl === false || process.env['FIRESTORE_EMULATOR_HOST'] !== undefined;
}

/** An open Firestore client that tracks its running tasks. */
export interface Connection {
  readonly firestore: Firestore;
  /** Runs a task that uses the client. The client is not terminated before the task ends. */
  use<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Terminates the client. If tasks are still running, the returned promise resolves immediately,
   * and the client terminates after the last task.
   */
  close(): Promise<void>;
}

/**
 * Creates a Firestore client without sending a request.
 *
 * A call observes the deadline of the operation to which it belongs. If a connection cannot be set
 * up, the call rejects, and the process continues.
 */
export function openDatabase(
  { project, database }: DatabaseAddress,
  settings: Settings = {},
): Connection {
  // Without a project id, the library searches for one, which takes seconds if the gcloud CLI is
  // installed.
  const credentials = new DeferredCredentials({ scopes, projectId: project });
  const firestore = new Firestore({
    projectId: project,
    databaseId: database,
    auth: credentials,
    // Deadlines and failure reasons depend on gRPC interceptors. FIRESTORE_PREFER_REST would bypass
    // them.
    preferRest: false,
    ...settings,
    'grpc.callInvocationTransformer': bindCall,
    // By default, gRPC waits up to two minutes between connection attempts, so an outage could last
    // up to two minutes longer for this process.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  catchSetupFailures(firestore);
  let credentialsFound = isEmulator(settings);
  /**
   * Checks for credentials before the first call. Without this check, if Google's endpoint is also
   * unreachable, the error would not mention that credentials are missing.
   */
  async function findCredentials(): Promise<void> {
    if (!credentialsFound) await credentials.check();
    credentialsFound = true;
  }

  /** Running tasks, including tasks whose caller has stopped waiting. */
  const pending = new Set<Promise<unknown>>();
  return {
    firestore,
    async use(task) {
      const running = findCredentials().then(task);
      pending.add(running);
      try {
        return await running;
      } finally {
        pending.delete(running);
      }
    },
    async close() {
      // The library retries a failed read for up to a minute, even if no caller waits for it. A
      // retry after termination would reject a promise that no caller can handle. The client
      // therefore terminates after the last task, and this method does not wait for it.
      const ended = Promise.allSettled(pending).then(() => firestore.terminate());
      if (pending.size === 0) await ended;
      else ended.catch(() => {});
    },
  };
}
