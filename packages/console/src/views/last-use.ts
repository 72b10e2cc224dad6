import { type Key, lastUsedAt, wasNeverUsed } from '../account/visible-keys.ts';
import type { Ui } from './ui.ts';

/** Returns a sentence about the last use of a key, with its current or its previous secret. */
export function lastUse(key: Key, { texts, format, account }: Ui): string {
  if (wasNeverUsed(key)) return texts.lastUseNever;
  const requests = format.number(key.requests_30d);
  const isOne = key.requests_30d === 1;
  const used = lastUsedAt(key);
  return used === null
    ? texts.lastUseUnknown(requests, isOne)
    : texts.lastUse(format.relative(used, account.now()), requests, isOne);
}
