// Importing this file loads the Firestore library and gRPC. Import it dynamically when the first
// call needs it, not at startup.
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
 * OAuth scope that Firestore requires of an access token
 * (https://firebase.google.com/docs/firestore/reference/rpc).
 */
const scopes = ['https://www.googleapis.com/auth/datastore'];

/**
 * Reports whether calls go to an emulator, which takes no credentials. The library decides by the
 * same variable.
 */
function isEmulator(settings: Settings): boolean {
  // biome-ignore lint/style/noProcessEnv: the library itself reads this variable to choose an emulator.
  return settings.ssl === false || process.env['FIRESTORE_EMULATOR_HOST'] !== undefined;
}

/** An open Firestore client. */
export interface Connection {
  readonly firestore: Firestore;
  /** Runs a task that uses the client. {@link Connection.close} waits for it. */
  use<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Terminates the client. Resolves at once if tasks are still running; the client then terminates
   * after the last of them.
   */
  close(): Promise<void>;
}

/**
 * Creates a client whose calls keep to the deadline of their operation and whose connection
 * failures reject the call instead of ending the process. Sends no request yet.
 */
export function openDatabase({ project, database }: DatabaseAddress, settings: Settings = {}): Connection {
  // Without a project id the library looks for one first. Where the gcloud CLI is installed, that
  // takes seconds.
  const credentials = new DeferredCredentials({ scopes, projectId: project });
  const firestore = new Firestore({
    projectId: project,
    databaseId: database,
    auth: credentials,
    // Deadlines and failure reasons rely on gRPC interceptors, which FIRESTORE_PREFER_REST would
    // bypass.
    preferRest: false,
    ...settings,
    'grpc.callInvocationTransformer': bindCall,
    // By default gRPC waits up to two minutes between connection attempts, which would prolong an
    // outage by as much.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  catchSetupFailures(firestore);
  let credentialsFound = isEmulator(settings);
  /**
   * Looks for credentials before the first call. Otherwise an unreachable Google endpoint would
   * hide the fact that no credentials are configured.
   */
  async function findCredentials(): Promise<void> {
    if (!credentialsFound) await credentials.check();
    credentialsFound = true;
  }

  /** Tasks that are still running, including those whose caller has stopped waiting. */
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
      // The library retries failed reads even if no caller waits for them, for up to a minute. A
      // retry after termination would reject with an error that no one can catch. The client
      // therefore terminates after the last task, and this method does not wait for that.
      const ended = Promise.allSettled(pending).then(() => firestore.terminate());
      if (pending.size === 0) await ended;
      else ended.catch(() => {});
    },
  };
}
