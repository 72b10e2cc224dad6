import { isExpiring, isRemoved } from './expiry.ts';
import { readKeyUse } from './key-use.ts';
import { noteTierClaim } from './list.ts';
import type { KeyRecord } from './model.ts';
import type { Owner } from './owner.ts';
import { type PageEnd, pageToken, parsePageToken } from './page-token.ts';
import type { HeldName, KeyDependencies, KeyStore } from './store.ts';

/** Number of UTC days, including today, for which a key's requests are shown. */
const shownDays = 30;

/** The input of a request for a page of keys. */
export interface ListPageInput {
  /** Maximum number of keys in the page. */
  readonly pageSize: number;
  /** The token of the previous page. If undefined, the page is the first. */
  readonly pageToken: string | undefined;
}

/**
 * The state of a key in the list. An `expiring` key expires within a day. `previous` is a previous
 * secret.
 */
export type KeyState = 'active' | 'expiring' | 'expired' | 'previous';

/** A key in the list, or the previous secret of a key. Times are Unix seconds. */
export interface ListedKey {
  readonly record: KeyRecord;
  readonly state: KeyState;
  /** The expiry of the key's previous secret. Undefined if there is no valid previous secret. */
  readonly previousExpiresAt: number | undefined;
  /**
   * The time of the last known request with the secret, rounded down to the minute. Undefined if
   * there is none.
   */
  readonly lastUsedAt: number | undefined;
  /** The requests with keys of this name in the last 30 days. */
  readonly requests: number;
}

export interface ListedPage {
  /** The keys, oldest first. */
  readonly keys: readonly ListedKey[];
  /** The token of the next page. Undefined if this page is the last. */
  readonly nextPageToken: string | undefined;
}

type ListedSecret = Pick<ListedKey, 'record' | 'state' | 'previousExpiresAt'>;

function stateOf({ expiresAt }: KeyRecord, now: number): KeyState {
  if (expiresAt <= now) return 'expired';
  return isExpiring(expiresAt, now) ? 'expiring' : 'active';
}

/**
 * Returns the secrets to list for a name: the current secret, and the previous secret if it is
 * valid.
 */
function secretsOf({ current, previous }: HeldName, now: number): ListedSecret[] {
  if (current === undefined || isRemoved(current, now)) return [];
  const valid = previous !== undefined && previous.expiresAt > now ? previous : undefined;
  const previousExpiresAt = valid?.expiresAt;
  return [
    { record: current, state: stateOf(current, now), previousExpiresAt },
    ...(valid ? [{ record: valid, state: 'previous', previousExpiresAt: undefined } as const] : []),
  ];
}

/**
 * Returns the secrets of a page, and where the page ends. A page may end between the two secrets of
 * a name. The next page then begins with the other secret of that name.
 */
function cut(
  names: readonly HeldName[],
  { pageSize, from, now }: { pageSize: number; from: PageEnd | undefined; now: number },
): { readonly listed: readonly ListedSecret[]; readonly end: PageEnd | undefined } {
  const secrets = names
    .flatMap((name) => secretsOf(name, now))
    .filter(({ record }) => from?.serial === undefined || record.serial !== from.serial);
  const listed = secrets.slice(0, pageSize);
  const [last, next] = [listed.at(-1)?.record, secrets[pageSize]?.record];
  if (last !== undefined && next !== undefined) {
    const serial = next.name === last.name ? last.serial : undefined;
    return { listed, end: { name: last.name, serial } };
  }
  const lastName = names.length > pageSize ? names.at(-1)?.name : undefined;
  return { listed, end: lastName === undefined ? undefined : { name: lastName } };
}

/**
 * Orders secrets by age, then by name. The previous secret of a name comes before the current one.
 */
function oldestFirst(
  { record: one, state }: ListedSecret,
  { record: other }: ListedSecret,
): number {
  if (one.createdAt !== other.createdAt) return one.createdAt - other.createdAt;
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return state === 'previous' ? -1 : 1;
}

/**
 * Lists a page of an owner's keys with their use (contract, "Listing keys"). Like {@link listKeys},
 * it stores the token's tier claim if the token is newer than the stored claim.
 *
 * @returns the page, or undefined if the page token is not valid.
 * @throws the same errors as {@link KeyStore.page}, `KeyStore.readActivity` and {@link
 *   KeyStore.transact}.
 */
export async function listPage(
  { store, now }: KeyDependencies,
  owner: Owner,
  { pageSize, pageToken: token }: ListPageInput,
): Promise<ListedPage | undefined> {
  const { userId } = owner;
  const from = token === undefined ? undefined : parsePageToken(userId, token);
  if (token !== undefined && from === undefined) return undefined;

  const nowSeconds = Math.floor(now() / 1000);
  const { tierClaim, names } = await store.page({
    userId,
    // One more name than the page holds is read, to find out whether there is a next page.
    maximum: pageSize + 1,
    ...(from && { from: { name: from.name, isIncluded: from.serial !== undefined } }),
  });
  await noteTierClaim(store, owner, tierClaim, nowSeconds);
  const { listed, end } = cut(names, { pageSize, from, now: nowSeconds });
  return {
    keys: await withUse(store, userId, listed.toSorted(oldestFirst), now()),
    nextPageToken: end && pageToken(userId, end),
  };
}

async function withUse(
  store: KeyStore,
  userId: string,
  secrets: readonly ListedSecret[],
  now: number,
): Promise<ListedKey[]> {
  if (secrets.length === 0) return [];
  const records = secrets.map(({ record }) => record);
  const use = await readKeyUse(store, userId, records, { now, days: shownDays });
  return secrets.map((secret) => ({
    ...secret,
    lastUsedAt: use.lastUsedAt(secret.record),
    requests: use.requestsOf(secret.record.name),
  }));
}
