import type { Firestore } from '@google-cloud/firestore';
import { ConnectionSetupError } from './refusal.ts';

/** The members used here of a client that the library generates for an API. */
interface GeneratedClient {
  firestoreStub?: Promise<unknown> | undefined;
  readonly _gaxGrpc: { createStub(...options: unknown[]): Promise<unknown> };
  initialize(): Promise<unknown>;
}

/**
 * The member used here of the library's client pool, which creates one generated client for every
 * hundred concurrent calls.
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
 * Rejects the affected calls when a connection cannot be set up: a required client certificate is
 * missing, the file of root certificates does not exist, or a cipher is unknown.
 *
 * A generated client starts each call with `this.initialize().catch((err) => { throw err; })`. No
 * code holds that promise, so its rejection would end the process. The call itself awaits the same
 * failure through another promise, so `initialize` need not reject.
 */
export function catchSetupFailures(firestore: Firestore): void {
  const { _clientPool: pool } = firestore as unknown as { readonly _clientPool?: Pool };
  const createClient = pool?.clientFactory;
  if (pool === undefined || createClient === undefined) return; // The library's internals have changed.
  pool.clientFactory = (...options) => handleSetupFailures(createClient(...options));
}
