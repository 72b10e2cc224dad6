// Importing this file loads the client library, gRPC and all: import it when the first call needs it, not to start.
import { type DatabaseAddress, openDatabase } from '@andamio/verification/firestore/client';
import { type Firestore, Timestamp } from '@google-cloud/firestore';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';

export interface FirestoreAddress extends DatabaseAddress {
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
export function openFirestore({ emulatorHost, ...address }: FirestoreAddress): Firestore {
  return openDatabase(address, emulatorHost === undefined ? {} : emulatorSettings(emulatorHost));
}

/** A timestamp of Firestore's for whole Unix seconds. */
export const timestampOf = (seconds: number) => new Timestamp(seconds, 0);
