// Importing this file loads the client library, gRPC and all: import it when the first call needs it, not to start.
import { Firestore, type Settings } from '@google-cloud/firestore';
import { catchSetupFailures } from './connection-setup.ts';
import { DeferredCredentials } from './credentials.ts';
import { bindCall } from './deadline.ts';

export interface DatabaseAddress {
  readonly project: string;
  readonly database: string;
}

/** What Firestore's API asks of an access token (https://firebase.google.com/docs/firestore/reference/rpc). */
const scopes = ['https://www.googleapis.com/auth/datastore'];

/** Reports whether calls go to an emulator, which takes no credentials. The library reads the variable likewise. */
function isEmulator(settings: Settings): boolean {
  // biome-ignore lint/style/noProcessEnv: an emulator is chosen by this variable in every process that uses the library.
  return settings.ssl === false || process.env['FIRESTORE_EMULATOR_HOST'] !== undefined;
}

/** An open client. */
export interface Connection {
  readonly firestore: Firestore;
  /** Runs a task that uses the client: {@link Connection.close} waits for it. */
  use<T>(task: () => Promise<T>): Promise<T>;
  /** Ends the client once nothing is under way, at once where nothing is. */
  close(): Promise<void>;
}

/**
 * Makes a client whose calls keep to the deadline of their operation, and of which no failure is left without somebody who
 * catches it. Nothing is sent yet.
 */
export function openDatabase({ project, database }: DatabaseAddress, settings: Settings = {}): Connection {
  // Without a project the library would look for one first, which takes the gcloud CLI seconds where it is installed.
  const credentials = new DeferredCredentials({ scopes, projectId: project });
  const firestore = new Firestore({
    projectId: project,
    databaseId: database,
    auth: credentials,
    // Deadlines and reasons come by gRPC's interceptors; FIRESTORE_PREFER_REST would take both away.
    preferRest: false,
    ...settings,
    'grpc.callInvocationTransformer': bindCall,
    // gRPC waits up to two minutes between attempts to connect, and the service would be down as much longer.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  catchSetupFailures(firestore);
  let credentialsFound = isEmulator(settings);
  /** Without it, missing credentials would not be named where Google cannot be reached either. */
  async function findCredentials(): Promise<void> {
    if (!credentialsFound) await credentials.check();
    credentialsFound = true;
  }

  /** What has not come to rest, also where nobody waits for it any more. */
  const underWay = new Set<Promise<unknown>>();
  return {
    firestore,
    async use(task) {
      const running = findCredentials().then(task);
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
      }
    },
    async close() {
      // The library repeats reads that failed, also where nobody waits for them. Of one that it repeats after its end nobody could
      // catch that it has ended, so it ends after them, which takes up to a minute; nobody need wait for that.
      const ended = Promise.allSettled(underWay).then(() => firestore.terminate());
      if (underWay.size === 0) await ended;
      else ended.catch(() => {});
    },
  };
}
