// Importing this file loads the client library, gRPC and all: import it when the first call needs
// it, not to start.
import { type Connection, type DatabaseAddress, openDatabase } from '@andamio/verification/firestore/client';
import { Timestamp } from '@google-cloud/firestore';

export interface FirestoreAddress extends DatabaseAddress {
  /** `host:port` of an emulator, instead of Google's service. */
  readonly emulatorHost: string | undefined;
}

/** An emulator takes anybody as its owner. */
const emulatorSettings = (host: string) => ({
  host,
  ssl: false,
  customHeaders: { Authorization: 'Bearer owner' },
});

/** Makes a client. Nothing is sent yet. */
export function openFirestore({ emulatorHost, ...address }: FirestoreAddress): Connection {
  return openDatabase(address, emulatorHost === undefined ? {} : emulatorSettings(emulatorHost));
}

/** A timestamp of Firestore's for whole Unix seconds. */
export const timestampOf = (seconds: number) => new Timestamp(seconds, 0);
