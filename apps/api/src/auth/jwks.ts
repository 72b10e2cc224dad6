import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from './fetch-json.ts';
import { published } from './published.ts';
import type { TokenAlgorithm, VerificationKey, VerificationKeys } from './signing-keys.ts';

/**
 * Minimum time, in milliseconds, between fetches. It limits the fetches that a flood of unknown
 * `kid`s causes to 12 per minute.
 */
const fetchInterval = 5_000;
/**
 * Age, in milliseconds, at which the set is fetched again. A key that the issuer withdraws stops
 * verifying within five minutes.
 */
const maximumAge = 300_000;
/** Minimum size of an RSA key in bits (RFC 7518 section 3.3). */
const minimumRsaBits = 2048;

/** A JWK set (RFC 7517 section 5). The entries of `keys` are validated one by one. */
const keySet = z.object({ keys: z.array(z.unknown()) });

/**
 * The members of a JWK that determine whether the key may verify signatures (RFC 7517 sections 4.2
 * to 4.5).
 */
const signingKey = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.unknown())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  alg: z.string().optional(),
});

interface IdentifiedKey extends VerificationKey {
  readonly kid: string | undefined;
}

function importKey(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/**
 * Returns the only algorithm that a key may be used with. Undefined if the key is not supported.
 */
function algorithmOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): TokenAlgorithm | undefined {
  switch (asymmetricKeyType) {
    case 'rsa':
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= minimumRsaBits ? 'RS256' : undefined;
    case 'ec':
      return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
    case 'ed25519':
      return 'EdDSA';
    default:
      return undefined;
  }
}

/** Reads one entry of a JWK set. Returns undefined if the entry is not a usable key. */
function verificationKey(entry: unknown): IdentifiedKey | undefined {
  const { success, data: jwk } = signingKey.safeParse(entry);
  const key = success ? importKey(jwk as JsonWebKey) : undefined;
  const algorithm = key && algorithmOf(key);
  if (!success || key === undefined || algorithm === undefined) return undefined;
  // A key with an `alg` is for that algorithm only. `Ed25519` is EdDSA with that curve (RFC 9864).
  const names: readonly string[] = algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm];
  return jwk.alg === undefined || names.includes(jwk.alg)
    ? { kid: jwk.kid, key, algorithm }
    : undefined;
}

/**
 * Fetches a JWK set. Ignores entries that are not usable keys.
 *
 * @throws the same errors as {@link fetchJson}, and if the response is not a JWK set.
 */
export async function fetchKeySet(url: string): Promise<readonly IdentifiedKey[]> {
  const { success, data } = keySet.safeParse(await fetchJson(url));
  if (!success) throw new Error('The response is not a JWK set: it has no list "keys".');
  return data.keys.flatMap((entry) => verificationKey(entry) ?? []);
}

/**
 * The keys that may have signed a token, and whether the token's `kid` rules out all other keys.
 */
interface Candidates {
  readonly keys: readonly IdentifiedKey[];
  readonly settled: boolean;
}

/**
 * Selects the keys with the given `kid`. If there are none, selects the keys without `kid`. If the
 * token has no `kid` and the set has only one key, selects that key (RFC 7515 section 4.1.4).
 */
function candidates(keys: readonly IdentifiedKey[], kid: string | undefined): Candidates {
  const named = kid === undefined ? [] : keys.filter((key) => key.kid === kid);
  if (named.length > 0) return { keys: named, settled: true };
  const isOnlyKey = kid === undefined && keys.length === 1;
  return { keys: isOnlyKey ? keys : keys.filter((key) => key.kid === undefined), settled: false };
}

/**
 * Creates a source of verification keys from a JWK set (RFC 7517). A set without a usable key is
 * valid; every token is then refused.
 *
 * @param fetchKeys fetches the set, for example with {@link fetchKeySet}.
 * @param now returns milliseconds from a monotonic clock.
 * @param onFailure called with the cause of each failed fetch.
 * @throws SigningKeysUnavailableError, from the iteration, if the set could not be fetched and no
 *   set from the last 24 hours is cached.
 */
export function keySetKeys(
  fetchKeys: () => Promise<readonly IdentifiedKey[]>,
  now: () => number,
  onFailure: (cause: unknown) => void,
): VerificationKeys {
  const keySet = published({ fetchValue: fetchKeys, fetchInterval, maximumAge, now, onFailure });
  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    async *find({ kid }) {
      const { value: known } = await keySet.current();
      const first = candidates(known, kid);
      yield* first.keys;
      if (first.settled) return;
      const { value: newest } = await keySet.newest();
      if (newest !== known) yield* candidates(newest, kid).keys;
    },
  };
}

/**
 * Creates a source of verification keys from the JWK set at a URL. The keys are cached in the same
 * way as by {@link keySetKeys}.
 */
export function jwksKeys(
  url: string,
  now: () => number,
  onFailure: (cause: unknown) => void,
): VerificationKeys {
  return keySetKeys(() => fetchKeySet(url), now, onFailure);
}
