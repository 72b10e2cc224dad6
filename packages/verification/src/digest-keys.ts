import type { Pepper } from '@andamio/schema/settings';
import { type DigestKey, digestKeyOf } from './digest.ts';

/** Length of a derived key in bytes. */
const length = 32;

/**
 * Returns the digest keys derived from the peppers, as comma-separated `VERSION:BASE64` pairs in
 * the order of the peppers.
 *
 * A service that only verifies keys is configured with this value instead of KEY_PEPPERS. The value
 * suffices to find the record of a presented key, but not to derive a pepper or an API key.
 */
export function digestKeys(peppers: readonly Pepper[]): string {
  return peppers
    .map((pepper) => digestKeyOf(pepper))
    .map(({ version, subkey }) => `${version}:${Buffer.from(subkey).toString('base64')}`)
    .join(',');
}

function parsePair(pair: string): DigestKey | undefined {
  const [, version, base64 = ''] = /^([a-z0-9]{1,16}):(.+)$/.exec(pair) ?? [];
  const subkey = Buffer.from(base64, 'base64');
  const isValid = subkey.length === length && subkey.toString('base64') === base64;
  return version !== undefined && isValid ? { version, subkey } : undefined;
}

/** Parses the output of {@link digestKeys}. Returns undefined for any other text. */
export function parseDigestKeys(text: string): readonly [DigestKey, ...DigestKey[]] | undefined {
  const parsed = text.split(',').map(parsePair);
  const keys = parsed.filter((key) => key !== undefined);
  const isValid =
    keys.length === parsed.length &&
    new Set(keys.map(({ version }) => version)).size === keys.length;
  return isValid ? (keys as [DigestKey, ...DigestKey[]]) : undefined;
}
