import type { Pepper } from '@andamio/schema/settings';
import { type DigestKey, digestKeyOf } from './digest.ts';

/** Bytes of a derived key. */
const length = 32;

/**
 * Writes what a service that only checks keys is given in place of KEY_PEPPERS: `VERSION:BASE64` pairs separated by commas, in
 * the same order. Whoever has it can find a key's record, but neither the peppers nor any key.
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
  const isWhole = subkey.length === length && subkey.toString('base64') === base64;
  return version !== undefined && isWhole ? { version, subkey } : undefined;
}

/** Reads what {@link digestKeys} writes; undefined for any other text. */
export function parseDigestKeys(text: string): readonly [DigestKey, ...DigestKey[]] | undefined {
  const parsed = text.split(',').map(parsePair);
  const keys = parsed.filter((key) => key !== undefined);
  const isRight = keys.length === parsed.length && new Set(keys.map(({ version }) => version)).size === keys.length;
  return isRight ? (keys as [DigestKey, ...DigestKey[]]) : undefined;
}
