import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from './fetch-json.ts';
import { published } from './published.ts';

/**
 * Minimum time, in milliseconds, between fetches. GitHub allows 60 requests an hour without a
 * token, and anyone can cause a fetch by sending an unknown key identifier.
 */
const fetchInterval = 60_000;
/**
 * Age, in milliseconds, at which the keys are fetched again. A key that GitHub withdraws stops
 * verifying within the hour.
 */
const maximumAge = 3_600_000;

/** The response of https://api.github.com/meta/public_keys/secret_scanning. */
const keyList = z.object({ public_keys: z.array(z.unknown()) });
const publishedKey = z.object({ key_identifier: z.string(), key: z.string() });

/**
 * Finds the key that GitHub publishes under an identifier.
 *
 * @returns undefined if GitHub publishes no such key, or `unconfirmed` if GitHub may have published
 *   the key since the last fetch. In the second case, the last fetch was too recent to fetch the
 *   keys again.
 */
export type FindGithubKey = (
  keyIdentifier: string,
) => Promise<KeyObject | 'unconfirmed' | undefined>;

/** Parses a key in PEM. Returns undefined if it is not an ECDSA key with the curve P-256. */
function p256Key(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

type GithubKeys = ReadonlyMap<string, KeyObject | undefined>;

async function fetchKeys(url: string): Promise<GithubKeys> {
  // GitHub refuses requests without a user agent.
  const answer = await fetchJson(url, { accept: 'application/json', 'user-agent': 'andamio-api' });
  const { success, data } = keyList.safeParse(answer);
  if (!success) throw new Error('The response has no list "public_keys".');
  const keys = data.public_keys.flatMap((entry) => publishedKey.safeParse(entry).data ?? []);
  return new Map(keys.map(({ key_identifier: identifier, key }) => [identifier, p256Key(key)]));
}

/**
 * Creates a function that finds GitHub's signing keys for alerts, which GitHub publishes at a URL.
 *
 * @param now returns milliseconds from a monotonic clock.
 * @param onFailure called with the cause of each failed fetch.
 * @throws SigningKeysUnavailableError, from the returned function, if the key is unknown and the
 *   published keys could not be fetched.
 */
export function githubKeys(
  url: string,
  now: () => number,
  onFailure: (cause: unknown) => void,
): FindGithubKey {
  const keySet = published({
    fetchValue: () => fetchKeys(url),
    fetchInterval,
    maximumAge,
    now,
    onFailure,
  });
  return async (keyIdentifier) => {
    const askedAt = now();
    const { value: known } = await keySet.current();
    if (known.has(keyIdentifier)) return known.get(keyIdentifier);
    const { value: keys, fetchedAt } = await keySet.newest();
    // Another unknown identifier may have caused a fetch just before GitHub published this key.
    return keys.has(keyIdentifier) || fetchedAt >= askedAt
      ? keys.get(keyIdentifier)
      : 'unconfirmed';
  };
}
