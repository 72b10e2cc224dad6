import type { KeyRecord } from '@andamio/keys/model';
import { isKey, maskKey } from '@andamio/schema/key-format';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import type { Context, Report } from '../command.ts';

/** The report for input that does not have the format of a key. */
export const notAKey: Report = {
  done: false,
  json: { outcome: 'not_a_key' },
  text: ['The input is not a key of this service, or it contains a typing error.'],
};

/**
 * Returns the report for a key that is not in the store. The report lists the peppers that were
 * tried, because a key that was issued under another pepper is not found.
 */
export function noSuchKey({ peppers }: Context): Report {
  const versions = peppers().map(({ version }) => version);
  return {
    done: false,
    json: { outcome: 'no_such_key', pepper_versions: versions },
    text: [`There is no such key under the configured peppers (${versions.join(', ')}).`],
  };
}

/**
 * Reads a key from standard input. Returns undefined if the input does not have the format of a
 * key.
 */
export async function keyFromInput({ readInput }: Context): Promise<string | undefined> {
  const key = (await readInput()).trim();
  return isKey(key) ? key : undefined;
}

/**
 * Returns one digester for each configured pepper. Each digester computes one of a key's possible
 * ids.
 */
export function digestersOf({ peppers }: Context) {
  return peppers().map((pepper) => createDigester(digestKeyOf(pepper)));
}

/** Returns a stored key as JSON for programs, with `api_key` masked. */
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

/** Formats the time of a key's last use. Returns null if no use is known. */
export function lastUseOf(seconds: number | undefined): string | null {
  return seconds === undefined ? null : formatTimestamp(seconds);
}
