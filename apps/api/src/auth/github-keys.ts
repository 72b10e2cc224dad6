import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from './fetch-json.ts';
import { publishedKeys } from './published-keys.ts';

/** GitHub answers 60 requests an hour of an address that sends no token, and anybody can make up an identifier. */
const fetchInterval = 60_000;
/** Likewise; a key that is withdrawn there ends here within the hour. */
const maximumAge = 3_600_000;

/** What GitHub publishes: https://api.github.com/meta/public_keys/secret_scanning */
const keyList = z.object({ public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })) });

/** Finds the key of GitHub's that an identifier names. */
export type FindGithubKey = (keyIdentifier: string) => Promise<KeyObject | undefined>;

/** A key in PEM, if it is one of ECDSA by P-256. */
function p256Key(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

async function fetchKeys(url: string): Promise<ReadonlyMap<string, KeyObject>> {
  // GitHub refuses requests that do not say whose they are.
  const answer = await fetchJson(url, { accept: 'application/json', 'user-agent': 'andamio-api' });
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier: identifier, key: pem } of keyList.parse(answer).public_keys) {
    const key = p256Key(pem);
    if (key !== undefined) keys.set(identifier, key);
  }
  return keys;
}

/**
 * The keys that GitHub signs its alerts with, as a URL publishes them.
 *
 * @param now milliseconds; any origin.
 * @throws from the search: SigningKeysUnavailableError when a key that is not known could not be looked for.
 */
export function githubKeys(url: string, now: () => number): FindGithubKey {
  const find = publishedKeys({ fetchKeys: () => fetchKeys(url), fetchInterval, maximumAge, now });
  return (keyIdentifier) => find((keys) => keys.get(keyIdentifier));
}
