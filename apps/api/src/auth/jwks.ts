import { createPublicKey } from 'node:crypto';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import { type FindVerificationKeys, SigningKeysUnavailableError, type VerificationKey } from './signing-keys.ts';

/** How long one fetch may take, in milliseconds. */
const fetchTimeout = 4_000;
/** The least time between the beginnings of two fetches: bounds what a flood of unknown `kid`s can cause to 12 a minute. */
const fetchInterval = 5_000;
/** How long the set is used before it is fetched again in the background, so that a key withdrawn there ends here. */
const maximumAge = 300_000;

interface KeySet {
  readonly keys: ReadonlyMap<string | undefined, VerificationKey>;
  readonly fetchedAt: number;
}

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

function keySet(signingKeys: readonly SigningKey[], fetchedAt: number): KeySet {
  const keys = new Map<string | undefined, VerificationKey>();
  for (const signingKey of signingKeys) {
    const key = verificationKey(signingKey as SigningKey & { publicKey?: string });
    if (key !== undefined) keys.set(signingKey.kid, key);
  }
  return { keys, fetchedAt };
}

/**
 * RS256 and ES256 by the keys that a URL publishes (RFC 7517). The whole set is kept: a `kid` it lacks causes a fetch, but
 * not within five seconds of the last, and never two at once. Keys once fetched go on when the URL fails.
 *
 * @param now milliseconds; any origin.
 */
export function jwksKeys(url: string, now: () => number): FindVerificationKeys {
  const client = new JwksClient({ jwksUri: url, cache: false, rateLimit: false, timeout: fetchTimeout });
  let current: KeySet | undefined;
  let attempt: { readonly begun: number; readonly result: Promise<KeySet> } | undefined;

  function fetchSet(): Promise<KeySet> {
    if (attempt !== undefined && now() - attempt.begun < fetchInterval) return attempt.result;
    const begun = now();
    const result = client.getSigningKeys().then(
      (signingKeys) => {
        current = keySet(signingKeys, begun);
        return current;
      },
      (cause: unknown) => {
        throw new SigningKeysUnavailableError('The signing keys could not be fetched.', { cause });
      },
    );
    result.catch(() => {}); // Whoever waits for it hears of it; a refresh in the background has nobody who waits.
    attempt = { begun, result };
    return result;
  }

  function find({ keys }: KeySet, keyId: string | undefined): VerificationKey | undefined {
    // A token may leave out `kid` where there is nothing to choose from (RFC 7515 section 4.1.4).
    return keyId === undefined && keys.size === 1 ? keys.values().next().value : keys.get(keyId);
  }

  return async (keyId) => {
    const known = current && find(current, keyId);
    if (current !== undefined && known !== undefined) {
      if (now() - current.fetchedAt > maximumAge) void fetchSet();
      return [known];
    }
    const key = find(await fetchSet(), keyId);
    return key === undefined ? [] : [key];
  };
}
