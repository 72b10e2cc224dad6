// Importing this file loads the client library, gRPC and all: import it when the first call needs it, not to start.
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { applyDeadline } from './deadline.ts';

export interface FirestoreAddress {
  readonly project: string;
  readonly database: string;
  /** `host:port` of an emulator, instead of Google's service. */
  readonly emulatorHost: string | undefined;
}

/**
 * An emulator takes anybody as its owner. Without a client for credentials, though none are sent, the library would look for
 * some on Google's metadata server first.
 */
const emulatorSettings = (host: string) => ({
  host,
  ssl: false,
  customHeaders: { Authorization: 'Bearer owner' },
  auth: new GoogleAuth({ authClient: new PassThroughClient() }),
});

/** Makes a client. Nothing is sent yet. */
export function openFirestore({ project, database, emulatorHost }: FirestoreAddress): Firestore {
  return new Firestore({
    projectId: project,
    databaseId: database,
    ...(emulatorHost !== undefined && emulatorSettings(emulatorHost)),
    'grpc.callInvocationTransformer': applyDeadline,
    // gRPC waits up to two minutes between attempts to connect, and the service would be down as much longer.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
}

/** A timestamp of Firestore's for whole Unix seconds. */
export const timestampOf = (seconds: number) => new Timestamp(seconds, 0);
