import { join } from 'node:path';
import { jwtSecret, tokenFor } from '../../api/test/harness/tokens.ts';
import type { Bench } from './bench.ts';
import type { Request } from './load.ts';
import type { Program } from './program.ts';

/** The paths of the calls that are measured. */
export const issuePath = '/api/v1/apikey/request';
export const verifyPath = '/api/v1/apikey/verify';

const common = {
  JWT_SECRETS: jwtSecret,
  KEY_PEPPERS: `bench:${Buffer.alloc(32, 'pepper').toString('base64')}`,
  IP_RATE_LIMIT_PER_MINUTE: '1000000', // All load comes from one address.
};

/** The built service on its embedded store, in a file of its own working directory; with further variables, if any. */
export function serviceOnSqlite({ service }: Bench, more: Readonly<Record<string, string>> = {}): Program {
  return { main: service, environment: { ...common, SQLITE_PATH: join('data', 'keys.db'), ...more } };
}

/** The built service on Firestore's emulator; with further variables, if any. */
export function serviceOnFirestore(
  { service, emulatorHost }: Bench,
  project: string,
  more: Readonly<Record<string, string>> = {},
): Program {
  return {
    main: service,
    environment: {
      ...common,
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: project,
      FIRESTORE_EMULATOR_HOST: emulatorHost,
      ...more,
    },
  };
}

/** A request for a key that is answered with 200 if the owner has no other of that name. */
export function issueRequest(token: string, name: string): Request {
  return {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ api_key_name: name, expires_in_days: 365 }),
  };
}

/** Makes requests in which many owners take turns: an owner is limited to 2,000 requests a minute and 1,000 keys. */
export function issueRequests(owners: number, kind = 'owner'): (amount: number) => Request[] {
  const tokens = Array.from({ length: owners }, (_, index) => tokenFor(`${kind}-${index}`));
  let issued = 0;
  return (amount) =>
    Array.from({ length: amount }, () => issueRequest(tokens[issued % owners] as string, `key ${issued++}`));
}

/** Has keys issued to so many owners, each of whom gets the given number. */
export async function issueKeys(url: string, owners: number, keysOfEach = 1): Promise<string[]> {
  const keys: string[] = [];
  for (let owner = 0; owner < owners; owner++) {
    const token = tokenFor(`owner-${owner}`);
    for (let key = 0; key < keysOfEach; key++) {
      const { headers, body } = issueRequest(token, `key ${key}`);
      const response = await fetch(`${url}${issuePath}`, { method: 'POST', headers, body: body as string });
      keys.push(((await response.json()) as { api_key: string }).api_key);
    }
  }
  return keys;
}

/** Makes requests that verify the keys in turns. */
export function verifyRequests(keys: readonly string[], amount: number): Request[] {
  const requests = keys.map((key) => ({ method: 'GET' as const, headers: { 'x-api-key': key } }));
  return Array.from({ length: amount }, (_, index) => requests[index % keys.length] as Request);
}

/** Makes requests each of which is its owner's first. */
export function firstRequests(): (amount: number) => Request[] {
  let owners = 0;
  return (amount) => Array.from({ length: amount }, () => issueRequest(tokenFor(`first-${owners++}`), 'MyFirstKey'));
}
