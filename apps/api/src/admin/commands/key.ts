import { isKey, maskKey } from '@andamio/schema/key-format';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import type { KeyRecord } from '../../keys/store.ts';
import type { Context, Report } from '../command.ts';

/** The report for input that has no key's form. */
export const notAKey: Report = {
  done: false,
  json: { outcome: 'not_a_key' },
  text: ['The input is not a key of this service, or it is mistyped.'],
};

/**
 * Returns the report for a key that is not in the store. It names the peppers that were tried: under the wrong ones, every
 * key seems unknown.
 */
export function noSuchKey({ peppers }: Context): Report {
  const versions = peppers().map(({ version }) => version);
  return {
    done: false,
    json: { outcome: 'no_such_key', pepper_versions: versions },
    text: [`There is no such key under the configured peppers (${versions.join(', ')}).`],
  };
}

/** Reads a key from standard input. Returns undefined if it has no key's form. */
export async function keyFromInput({ readInput }: Context): Promise<string | undefined> {
  const key = (await readInput()).trim();
  return isKey(key) ? key : undefined;
}

/** Returns what turns a key into the ids that it may be stored under: one for each pepper. */
export function digestersOf({ peppers }: Context) {
  return peppers().map((pepper) => createDigester(digestKeyOf(pepper)));
}

/** Describes a stored key for programs; `api_key` is masked. */
export function describeKey(key: KeyRecord) {
  return {
    id: key.id,
    name: key.name,
    api_key: maskKey(key.start),
    created_at: formatTimestamp(key.createdAt),
    expires_at: formatTimestamp(key.expiresAt),
    pepper_version: key.pepperVersion,
  };
}
