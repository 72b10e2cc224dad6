// Importing this module loads the client library and gRPC, which takes long. Import it on the first
// call to the store, not when the service starts.
import {
  type Connection,
  type DatabaseAddress,
  openDatabase,
} from '@andamio/verification/firestore/client';
import { Timestamp } from '@google-cloud/firestore';

export interface FirestoreAddress extends DatabaseAddress {
  /** `host:port` of an emulator, instead of Google's service. */
  readonly emulatorHost: string | undefined;
}

/** Returns the settings for an emulator, which accepts the token `owner` for full access. */
const emulatorSettings = (host: string) => ({
  host,
  ssl: false,
  customHeaders: { Authorization: 'Bearer owner' },
});

/** Creates a Firestore client, without connecting to Firestore. */
export function openFirestore({ emulatorHost, ...address }: FirestoreAddress): Connection {
  return openDatabase(address, emulatorHost === undefined ? {} : emulatorSettings(emulatorHost));
}

/** Returns a Firestore timestamp for whole Unix seconds. */
export const timestampOf = (seconds: number) => new Timestamp(seconds, 0);
