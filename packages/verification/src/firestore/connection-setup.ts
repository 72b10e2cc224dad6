import type { Firestore } from '@google-cloud/firestore';
import { ConnectionSetupError } from './refusal.ts';

/** The parts used here of the clients that the library generates for an API. */
interface GeneratedClient {
  firestoreStub?: Promise<unknown> | undefined;
  readonly _gaxGrpc: { createStub(...options: unknown[]): Promise<unknown> };
  initialize(): Promise<unknown>;
}

/** The part used here of the library's pool: it makes a generated client for each hundred calls at the same time. */
interface Pool {
  clientFactory?(...options: unknown[]): GeneratedClient;
}

function handleSetupFailures(client: GeneratedClient): GeneratedClient {
  const { _gaxGrpc: grpc } = client;
  const createStub = grpc.createStub.bind(grpc);
  grpc.createStub = (...options) =>
    createStub(...options).catch((error: unknown) => {
      client.firestoreStub = undefined; // The next call sets it up anew.
      throw new ConnectionSetupError(error);
    });
  const initialize = client.initialize.bind(client);
  client.initialize = () => initialize().catch(() => undefined);
  return client;
}

/**
 * Makes calls fail that need a connection which cannot be set up: a client certificate that is required and missing, a file of root
 * certificates that does not exist, unknown ciphers.
 *
 * A generated client begins each call with `this.initialize().catch((err) => { throw err; })`: a promise that nobody holds, whose
 * rejection ends the process. The call itself waits for the same failure by another promise, so `initialize` need not reject.
 */
export function catchSetupFailures(firestore: Firestore): void {
  const { _clientPool: pool } = firestore as unknown as { readonly _clientPool?: Pool };
  const createClient = pool?.clientFactory;
  if (pool === undefined || createClient === undefined) return; // Another version of the library.
  pool.clientFactory = (...options) => handleSetupFailures(createClient(...options));
}
