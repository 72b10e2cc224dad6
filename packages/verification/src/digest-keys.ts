import type { Pepper } from '@andamio/schema/settings';
import { type DigestKey, digestKeyOf } from './digest.ts';

/** Length of a derived key in bytes. */
const length = 32;

/**
 * Returns the digest keys derived from the peppers as `VERSION:BASE64` pairs, separated by commas
 * and in the same order. A service that only verifies keys is given this value in place of
 * KEY_PEPPERS. With it one can find the record of a given key, but cannot derive a pepper or a key.
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
  const isValid = keys.length === parsed.length && new Set(keys.map(({ version }) => version)).size === keys.length;
  return isValid ? (keys as [DigestKey, ...DigestKey[]]) : undefined;
}
