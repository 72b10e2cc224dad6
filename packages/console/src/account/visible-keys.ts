import type { ApiKeyInList } from '@andamio/client';

const day = 86_400_000;

/** Time, in milliseconds, before its expiry during which a key is shown as ending soon. */
const soon = 7 * day;

/** Age, in milliseconds, from which a key that was never used is reported as unused. */
const longUnused = 90 * day;

/** A key, with its previous secret if the previous secret is still valid. */
export interface Key extends ApiKeyInList {
  readonly previous: ApiKeyInList | undefined;
}

/** The state of a key, as the list shows it. */
export type KeyState = 'active' | 'expiring' | 'expired' | 'replaced';

/** A filter that selects the keys in the list. */
export type Filter = 'all' | KeyState | 'unused';

export type Order = 'attention' | 'newest' | 'name' | 'lastUsed' | 'expiry';

/** Returns the keys of a list, each with its previous secret. */
export function keysOf(list: readonly ApiKeyInList[]): Key[] {
  const previous = new Map(
    list.filter(({ state }) => state === 'previous').map((key) => [key.name, key]),
  );
  return list
    .filter(({ state }) => state !== 'previous')
    .map((key) => ({ ...key, previous: previous.get(key.name) }));
}

/**
 * Returns the state of a key at a time in Unix milliseconds. The time moves the state on from the
 * one that the list contains, but never back.
 */
export function stateOf(key: Key, now: number): KeyState {
  const expiry = Date.parse(key.expires_at);
  if (key.state === 'expired' || expiry <= now) return 'expired';
  if (key.state === 'expiring' || expiry - now <= soon) return 'expiring';
  return key.previous ? 'replaced' : 'active';
}

/** Returns the time from which a key can be extended, in Unix milliseconds. */
export const extendableFrom = (key: Key) => Date.parse(key.expires_at) - day;

/** Reports whether a key can be extended. This is possible from one day before its expiry. */
export const canExtend = (key: Key, now: number) =>
  key.state !== 'active' || extendableFrom(key) <= now;

/**
 * Returns the time of the last known request with a key: with its current or its previous secret.
 * The list contains a time for each secret, but users and programs see one key.
 */
export function lastUsedAt({ last_used_at: used, previous }: Key): string | null {
  const usedBefore = previous?.last_used_at ?? null;
  return time(usedBefore) > time(used) ? usedBefore : used;
}

/** Reports whether a key was used in the last `hours` hours. */
export function wasUsedWithin(key: Key, hours: number, now: number): boolean {
  const used = lastUsedAt(key);
  return used !== null && now - Date.parse(used) < hours * 3_600_000;
}

/** Reports whether no request with a key is known. The requests count all secrets of the key. */
export const wasNeverUsed = (key: Key): boolean =>
  lastUsedAt(key) === null && key.requests_30d === 0;

const isUnused = (key: Key, now: number) =>
  wasNeverUsed(key) && now - Date.parse(key.created_at) >= longUnused;

/** Reports whether a filter shows a key. */
export function matches(key: Key, filter: Filter, now: number): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'unused':
      return isUnused(key, now);
    case 'replaced':
      return key.previous !== undefined;
    default:
      return stateOf(key, now) === filter;
  }
}

const time = (timestamp: string | null) => (timestamp === null ? 0 : Date.parse(timestamp));

/**
 * The rank of each state when keys are sorted by urgency. The most urgent state has the lowest
 * rank.
 */
const urgency: Readonly<Record<KeyState, number>> = {
  expiring: 0,
  expired: 1,
  replaced: 2,
  active: 2,
};

const newest = (one: Key, other: Key) => time(other.created_at) - time(one.created_at);

/** Returns the keys that match a search text and a filter, sorted in the given order. */
export function visibleKeys(
  keys: readonly Key[],
  view: { readonly query: string; readonly filter: Filter; readonly order: Order },
  now: number,
): Key[] {
  const query = view.query.trim().toLowerCase();
  const compare: Readonly<Record<Order, (one: Key, other: Key) => number>> = {
    attention: (one, other) =>
      urgency[stateOf(one, now)] - urgency[stateOf(other, now)] || newest(one, other),
    newest,
    name: (one, other) => one.name.localeCompare(other.name),
    lastUsed: (one, other) => time(lastUsedAt(other)) - time(lastUsedAt(one)),
    expiry: (one, other) => time(one.expires_at) - time(other.expires_at),
  };
  return keys
    .filter(
      ({ name, start }) =>
        name.toLowerCase().includes(query) || start.toLowerCase().startsWith(query),
    )
    .filter((key) => matches(key, view.filter, now))
    .toSorted(compare[view.order]);
}
