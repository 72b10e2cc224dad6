import { createPublicKey } from 'node:crypto';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { fetchJson } from './fetch-json.ts';
import { publishedKeys } from './published-keys.ts';
import type { FindVerificationKeys, VerificationKey } from './signing-keys.ts';

/** The least time between the beginnings of two fetches: bounds what a flood of unknown `kid`s can cause to 12 a minute. */
const fetchInterval = 5_000;
/** A key that is withdrawn there ends here within five minutes. */
const maximumAge = 300_000;

type KeySet = ReadonlyMap<string | undefined, VerificationKey>;

function verificationKey({ publicKey, alg }: SigningKey & { publicKey?: string }): VerificationKey | undefined {
  const key = createPublicKey(publicKey as string);
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? 'RS256'
      : key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
        ? 'ES256'
        : undefined;
  // RFC 7517 section 4.4: where the set names the algorithm, the key is for that one only.
  return algorithm === undefined || (alg !== undefined && alg !== algorithm) ? undefined : { key, algorithm };
}

function keySet(signingKeys: readonly SigningKey[]): KeySet {
  const keys = new Map<string | undefined, VerificationKey>();
  for (const signingKey of signingKeys) {
    const key = verificationKey(signingKey as SigningKey & { publicKey?: string });
    if (key !== undefined) keys.set(signingKey.kid, key);
  }
  return keys;
}

function choose(keys: KeySet, keyId: string | undefined): VerificationKey | undefined {
  // A token may leave out `kid` where there is nothing to choose from (RFC 7515 section 4.1.4).
  return keyId === undefined && keys.size === 1 ? keys.values().next().value : keys.get(keyId);
}

/**
 * RS256 and ES256 by the keys that a URL publishes (RFC 7517).
 *
 * @param now milliseconds; any origin.
 */
export function jwksKeys(url: string, now: () => number): FindVerificationKeys {
  // The library's own fetch would wait for ever for the end of an answer that stops.
  const fetcher = async () => (await fetchJson(url)) as { keys: unknown };
  const client = new JwksClient({ jwksUri: url, cache: false, rateLimit: false, fetcher });
  const fetchKeys = async () => keySet(await client.getSigningKeys());
  const find = publishedKeys({ fetchKeys, fetchInterval, maximumAge, now });
  return async ({ alg, kid }) => {
    // None of the set is for another algorithm, so nothing is asked: such a token is refused also where the URL fails.
    if (alg !== 'RS256' && alg !== 'ES256') return [];
    const key = await find((keys) => choose(keys, kid));
    return key === undefined ? [] : [key];
  };
}
