import { join } from 'node:path';
import { jwtSecret, tokenFor } from '@andamio/testing/tokens';
import type { Bench } from './bench.ts';
import type { Request } from './load.ts';
import type { Program } from './program.ts';

export const issuePath = '/api/v1/apikey/request';
export const verifyPath = '/api/v1/apikey/verify';

const common = {
  JWT_SECRETS: jwtSecret,
  KEY_PEPPERS: `bench:${Buffer.alloc(32, 'pepper').toString('base64')}`,
  IP_RATE_LIMIT_PER_MINUTE: '1000000', // All load comes from the same address.
};

/**
 * Returns the built service, configured with the embedded store. The store's file is in the working
 * directory of the process.
 */
export function serviceOnSqlite(
  { service }: Bench,
  more: Readonly<Record<string, string>> = {},
): Program {
  return {
    main: service,
    environment: { ...common, SQLITE_PATH: join('data', 'keys.db'), ...more },
  };
}

/** Returns the built service, configured with the Firestore emulator. */
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

/**
 * Returns a request that issues a key. The response is 200 unless the owner already has a key of
 * that name.
 */
export function issueRequest(token: string, name: string): Request {
  return {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ api_key_name: name, expires_in_days: 365 }),
  };
}

/**
 * Returns a function that creates requests to issue keys. Many owners take turns, because each is
 * limited to 2,000 requests per minute and 1,000 keys.
 */
export function issueRequests(owners: number, kind = 'owner'): (amount: number) => Request[] {
  const tokens = Array.from({ length: owners }, (_, index) => tokenFor(`${kind}-${index}`));
  let issued = 0;
  return (amount) =>
    Array.from({ length: amount }, () =>
      issueRequest(tokens[issued % owners] as string, `key ${issued++}`),
    );
}

/**
 * Issues `keysOfEach` keys to each owner. Returns all the keys.
 *
 * @throws if a request fails.
 */
export async function issueKeys(
  url: string,
  owners: number,
  keysOfEach = 1,
  kind = 'owner',
): Promise<string[]> {
  const keys: string[] = [];
  for (let owner = 0; owner < owners; owner++) {
    const token = tokenFor(`${kind}-${owner}`);
    for (let key = 0; key < keysOfEach; key++) {
      const { headers, body } = issueRequest(token, `key ${key}`);
      const response = await fetch(`${url}${issuePath}`, {
        method: 'POST',
        headers,
        body: body as string,
      });
      if (!response.ok)
        throw new Error(`${issuePath} answered ${response.status}: ${await response.text()}`);
      keys.push(((await response.json()) as { api_key: string }).api_key);
    }
  }
  return keys;
}

/** Creates requests that verify the keys in turn. */
export function verifyRequests(keys: readonly string[], amount: number): Request[] {
  const requests = keys.map((key) => ({ headers: { 'x-api-key': key } }));
  return Array.from({ length: amount }, (_, index) => requests[index % keys.length] as Request);
}

/** Returns a function that creates requests to issue a key, each for a new owner. */
export function firstRequests(): (amount: number) => Request[] {
  let owners = 0;
  return (amount) =>
    Array.from({ length: amount }, () => issueRequest(tokenFor(`first-${owners++}`), 'MyFirstKey'));
}
