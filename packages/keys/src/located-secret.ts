import { isRemoved } from './expiry.ts';
import type { KeyRecord, View } from './model.ts';

/**
 * Returns the current record of the secret that was located by its id. The secret may have been
 * rehashed or rolled since it was located. Returns undefined if it was removed.
 */
export function locatedSecret(
  { located, key, previous }: View,
  now: number,
): KeyRecord | undefined {
  const secret = [key, previous].find((one) => one !== undefined && one.serial === located?.serial);
  return secret === undefined || isRemoved(secret, now) ? undefined : secret;
}
