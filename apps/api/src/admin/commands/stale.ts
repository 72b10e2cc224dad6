import type { InspectedKey } from '@andamio/keys/administration';
import { readKeyUse } from '@andamio/keys/key-use';
import { printable } from '@andamio/schema/printable';
import { counted, table } from '@andamio/schema/terminal-text';
import { secondsPerDay } from '@andamio/schema/timestamps';
import { type Context, defineCommand, UsageError } from '../command.ts';
import { limitOf } from '../options.ts';
import { describeKey, lastUseOf } from './key.ts';

/** Maximum of `--idle-days`. Usage is kept for 13 months. */
const maximumDays = 365;

/** Number of owners whose keys are read at the same time. */
const parallelOwners = 16;

interface StaleKey {
  readonly userId: string;
  readonly key: InspectedKey;
  /** The time of the last known request, in Unix seconds. Undefined if there is none. */
  readonly lastUsedAt: number | undefined;
}

function daysOf({ 'idle-days': days }: { readonly 'idle-days'?: string | undefined }): number {
  if (days === undefined || !/^[1-9]\d{0,2}$/.test(days) || Number(days) > maximumDays)
    throw new UsageError(`--idle-days must be an integer from 1 to ${maximumDays}.`);
  return Number(days);
}

/**
 * Returns an owner's unexpired keys that are at least `days` days old and were not used in the
 * last `days` days. Use of a key's previous secret counts as use of the key.
 */
async function staleKeysOf(
  { store, now }: Context,
  userId: string,
  days: number,
): Promise<StaleKey[]> {
  const nowMilliseconds = now();
  const since = nowMilliseconds / 1000 - days * secondsPerDay;
  const all = (await store.inspect(userId))?.keys ?? [];
  const candidates = all.filter(
    ({ superseded, createdAt, expiresAt }) =>
      !superseded && createdAt <= since && expiresAt > nowMilliseconds / 1000,
  );
  if (candidates.length === 0) return [];
  const use = await readKeyUse(store, userId, all, { now: nowMilliseconds, days: days + 1 });
  // A reset of the usage deletes the daily counts but keeps the last uses, so both are checked.
  const inUse = new Set(
    all.filter((key) => (use.lastUsedAt(key) ?? 0) >= since).map(({ name }) => name),
  );
  return candidates
    .filter(({ name }) => use.requestsOf(name) === 0 && !inUse.has(name))
    .map((key) => ({ userId, key, lastUsedAt: use.lastUsedAt(key) }))
    .toSorted((one, other) => (one.lastUsedAt ?? 0) - (other.lastUsedAt ?? 0));
}

export const stale = defineCommand({
  usage: '--idle-days N [--limit N]',
  summary:
    'Lists unexpired keys that are at least N days old and were not used in the last N days. Reads all keys.',
  options: { 'idle-days': { type: 'string' }, limit: { type: 'string' } },
  printsSecret: false,
  plan(values) {
    const days = daysOf(values);
    const limit = limitOf(values);
    return async (context) => {
      const found: StaleKey[] = [];
      for await (const page of context.store.owners()) {
        for (let first = 0; first < page.length && found.length <= limit; first += parallelOwners) {
          const some = page.slice(first, first + parallelOwners);
          const keys = await Promise.all(
            some.map(({ userId }) => staleKeysOf(context, userId, days)),
          );
          found.push(...keys.flat());
        }
        if (found.length > limit) break;
      }
      const shown = found.slice(0, limit);
      const hasMore = found.length > limit;
      const rows = shown.map(({ userId, key, lastUsedAt }) => [
        lastUseOf(lastUsedAt) ?? '-',
        describeKey(key).created_at,
        key.id,
        printable(userId),
        printable(key.name),
      ]);
      return {
        done: shown.length > 0,
        json: {
          outcome: shown.length > 0 ? 'found' : 'no_such_key',
          keys: shown.map(({ userId, key, lastUsedAt }) => ({
            user_id: userId,
            ...describeKey(key),
            last_used_at: lastUseOf(lastUsedAt),
          })),
          has_more: hasMore,
        },
        text:
          shown.length === 0
            ? [`Every key was used or issued within ${counted(days, 'day')}.`]
            : [
                ...table([['last used', 'issued', 'id', 'user', 'name'], ...rows]),
                ...(hasMore ? ['More keys match. Raise --limit.'] : []),
              ],
      };
    };
  },
});
