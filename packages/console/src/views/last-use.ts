import type { Key } from '../account/visible-keys.ts';
import type { Ui } from './ui.ts';

/** Returns a sentence about the last use of a key. */
export function lastUse({ last_used_at: used, requests_30d }: Key, { texts, format }: Ui): string {
  return used === null
    ? texts.lastUseNever
    : texts.lastUse(format.relative(used, Date.now()), format.number(requests_30d));
}
