// Importing this file loads the client library, gRPC and all: import it when the first call needs it, not to start.
import { Firestore, type Settings } from '@google-cloud/firestore';
import { applyDeadline } from './deadline.ts';

export interface DatabaseAddress {
  readonly project: string;
  readonly database: string;
}

/** Makes a client whose calls keep to the deadline of their operation. Nothing is sent yet. */
export function openDatabase({ project, database }: DatabaseAddress, settings: Settings = {}): Firestore {
  return new Firestore({
    projectId: project,
    databaseId: database,
    ...settings,
    'grpc.callInvocationTransformer': applyDeadline,
    // gRPC waits up to two minutes between attempts to connect, and the service would be down as much longer.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
}
