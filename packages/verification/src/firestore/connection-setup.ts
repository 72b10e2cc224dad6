import type { Firestore } from '@google-cloud/firestore';
import { ConnectionSetupError } from './refusal.ts';

/** The members of a generated Google API client that this module uses. */
interface GeneratedClient {
  firestoreStub?: Promise<unknown> | undefined;
  readonly _gaxGrpc: { createStub(...options: unknown[]): Promise<unknown> };
  initialize(): Promise<unknown>;
}

/**
 * The members of the library's client pool that this module uses. The pool creates a generated
 * client for every hundred concurrent calls.
 */
interface Pool {
  clientFactory?(...options: unknown[]): GeneratedClient;
}

function handleSetupFailures(client: GeneratedClient): GeneratedClient {
  const { _gaxGrpc: grpc } = client;
  const createStub = grpc.createStub.bind(grpc);
  grpc.createStub = (...options) =>
    createStub(...options).catch((error: unknown) => {
      client.firestoreStub = undefined; // The next call sets up the stub again.
      throw new ConnectionSetupError(error);
    });
  const initialize = client.initialize.bind(client);
  client.initialize = () => initialize().catch(() => undefined);
  return client;
}

/**
 * If the setup of a connection fails, makes the affected calls reject. Setup fails, for example, if
 * a client certificate or a root certificate file is missing, or if a cipher is unknown.
 *
 * Without this function, the failure would terminate the process. A generated client starts each
 * call with `this.initialize().catch((err) => { throw err; })`, and no code handles the resulting
 * promise. The call also receives the failure through another promise, so `initialize` does not
 * need to reject.
 */
export function catchSetupFailures(firestore: Firestore): void {
  const { _clientPool: pool } = firestore as unknown as { readonly _clientPool?: Pool };
  const createClient = pool?.clientFactory;
  // A newer version of the library may lack these members.
  if (pool === undefined || createClient === undefined) return;
  pool.clientFactory = (...options) => handleSetupFailures(createClient(...options));
}
