import { isRemoved } from './expiry.ts';
import type { KeyRecord, View } from './model.ts';

/** A secret that was located by its id. */
interface LocatedSecret {
  readonly secret: KeyRecord;
  /** Whether the secret is the previous one of its key. */
  readonly isPrevious: boolean;
  /** The previous secret of the key, which may have expired. */
  readonly previous: KeyRecord | undefined;
}

/**
 * Returns the current record of the secret that was located by its id. The secret may have been
 * rehashed or rolled since it was located. Returns undefined if it was removed.
 */
export function locatedSecret(view: View, now: number): LocatedSecret | undefined {
  const { located } = view;
  if (located === undefined) return undefined;
  const { key, previous } = view.at(located.name);
  const secret = [key, previous].find((one) => one?.serial === located.serial);
  if (secret === undefined || isRemoved(secret, now)) return undefined;
  return { secret, isPrevious: secret === previous, previous };
}
