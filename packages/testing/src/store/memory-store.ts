import { type Administration, decideUsageReset } from '@andamio/keys/administration';
import { type AuditEntry, erasedUserId, erasureEntry } from '@andamio/keys/audit';
import type { DeviceLogin } from '@andamio/keys/device-login/model';
import { isRemoved } from '@andamio/keys/expiry';
import type { IdempotencyRecord, IdempotencyScope } from '@andamio/keys/idempotency';
import type { Change, KeyRecord, OwnerRecord, Scope, View } from '@andamio/keys/model';
import { type KeyStore, listedExpiredKeys } from '@andamio/keys/store';
import { monthOf, utcDayOf } from '@andamio/keys/usage/calendar';
import {
  addToMonth,
  emptyMonth,
  erasedUpTo,
  lastUsesIn,
  stateOf,
  totalsOf,
  type UsageMonth,
  usageOf,
} from '@andamio/keys/usage/month';
import { AdditionForgottenError } from '@andamio/keys/usage/store';
import { type Tier, tiers } from '@andamio/schema/tiers';

type Secrets = { readonly [secret in 'current' | 'previous']?: KeyRecord | undefined };

const namedKeyOf = ({ id, serial, deleteAfter }: KeyRecord) => ({ id, serial, deleteAfter });

const idOf = (...texts: readonly string[]) => JSON.stringify(texts);

/**
 * Creates a store in memory, which is the smallest implementation of {@link KeyStore}. It contains
 * no domain rules. No other code runs during a transaction, because each runs within one turn of
 * the event loop.
 */
export function createMemoryStore(): KeyStore & Administration {
  const owners = new Map<string, OwnerRecord & { readonly changedAt: number }>();
  const names = new Map<string, Secrets>();
  const records = new Map<string, IdempotencyRecord>();
  const deviceLogins = new Map<string, DeviceLogin>();
  let audit: AuditEntry[] = [];
  /** Usage by user id and month. */
  const usage = new Map<string, UsageMonth>();
  /**
   * For each erased user, by user id: additions of usage up to this number are ignored, because
   * they may contain requests from before the erasure.
   */
  const erased = new Map<string, number>();

  const recordId = ({ userId, operation, idempotencyKey }: IdempotencyScope) =>
    idOf(userId, operation, idempotencyKey);
  const secrets = (which: keyof Secrets) =>
    [...names.values()].flatMap((name) => name[which] ?? []);
  const ofUser = (userId: string) => (one: { readonly userId: string | undefined }) =>
    one.userId === userId;
  const find = (ids: readonly string[]) =>
    [...secrets('current'), ...secrets('previous')].find(({ id }) => ids.includes(id));

  const findDeviceLogin = (ids: readonly string[]) =>
    ids.map((id) => deviceLogins.get(id)).find((login) => login !== undefined);

  function viewOf(scope: Scope): View & { readonly userId: string | undefined } {
    const located = 'ids' in scope ? find(scope.ids) : undefined;
    const userId = 'ids' in scope ? located?.userId : scope.userId;
    const owner = userId === undefined ? undefined : owners.get(userId);
    const latest = Math.max(scope.now, owner?.changedAt ?? 0);
    const unexpired = (which: keyof Secrets, now: number) =>
      secrets(which).filter((key) => key.userId === userId && key.expiresAt > now);
    return {
      userId,
      owner,
      located,
      at(name) {
        // Data outside the scope is undefined, as in a database that would have to read it.
        const scoped = 'ids' in scope ? located && [located.name] : scope.names;
        const reads = 'ids' in scope ? 'both' : scope.reads;
        const isInScope = scoped?.includes(name) === true;
        const { current, previous } = (isInScope && names.get(idOf(userId ?? '', name))) || {};
        return {
          named: current && namedKeyOf(current),
          previousId: previous?.id,
          key: reads === 'current' || reads === 'both' ? current : undefined,
          previous: reads === 'both' ? previous : undefined,
        };
      },
      idempotencyRecord:
        'ids' in scope || !scope.request ? undefined : records.get(recordId(scope.request)),
      deviceLogin:
        'ids' in scope || scope.deviceLoginId === undefined
          ? undefined
          : deviceLogins.get(scope.deviceLoginId),
      countUnexpired: () => unexpired('current', latest).length,
      isCounted: ({ expiresAt }) => expiresAt > latest,
    };
  }

  function putSecret(
    userId: string,
    name: string,
    secret: keyof Secrets,
    record: KeyRecord | undefined,
  ) {
    names.set(idOf(userId, name), { ...names.get(idOf(userId, name)), [secret]: record });
  }

  function apply(userId: string, change: Change): void {
    if (change.type === 'put_owner')
      owners.set(userId, { changedAt: 0, ...owners.get(userId), ...change.owner });
    else if (change.type === 'save_idempotency_record')
      records.set(recordId(change.request), change.record);
    else if (change.type === 'put_device_login') deviceLogins.set(change.login.id, change.login);
    else if (change.type === 'append_audit_entry') audit.push(change.entry);
    else if (change.type === 'put_secret')
      putSecret(userId, change.record.name, change.secret, change.record);
    else if (change.type === 'remove_secret')
      putSecret(userId, change.name, change.secret, undefined);
    else throw new TypeError(`Unknown change: ${JSON.stringify(change satisfies never)}`);
  }

  const monthAt = (userId: string, day: string) =>
    usage.get(idOf(userId, monthOf(day))) ?? emptyMonth;

  /**
   * Deletes the entries of a map that belong to a user. Returns whether there were such entries.
   */
  function removeOf(map: Map<string, unknown>, userId: string): boolean {
    const removed = [...map.keys()].filter((id) => (JSON.parse(id) as string[])[0] === userId);
    for (const id of removed) map.delete(id);
    return removed.length > 0;
  }

  const statusOf = ({ createdAt: since, tierClaim: { tier }, suspended }: OwnerRecord) => ({
    since,
    tier,
    suspended,
  });

  return {
    async transact(scope, decide) {
      const view = viewOf(scope);
      const { outcome, changes } = decide(view);
      const { userId } = view;
      if (userId === undefined || changes.length === 0) return outcome;
      for (const change of changes) apply(userId, change);
      const owner = owners.get(userId);
      if (owner) owners.set(userId, { ...owner, changedAt: Math.max(owner.changedAt, scope.now) });
      return outcome;
    },
    findDeviceLogin: async (ids) => findDeviceLogin(ids),
    deviceLoginsOf: async (userId) => [...deviceLogins.values()].filter(ofUser(userId)),
    async transactDeviceLogin(ids, decide) {
      const { outcome, login, entry } = decide(findDeviceLogin(ids));
      if (login !== undefined) deviceLogins.set(login.id, login);
      if (entry !== undefined) audit.push(entry);
      return outcome;
    },
    async find(ids) {
      const record = find(ids);
      const owner = record && owners.get(record.userId);
      return record && owner && { record, tier: owner.tierClaim.tier, suspended: owner.suspended };
    },
    readTierClaim: async (userId) => owners.get(userId)?.tierClaim,
    async list(userId, now) {
      const keys = secrets('current').filter(ofUser(userId));
      const expired = keys.filter(({ expiresAt }) => expiresAt <= now);
      const last = expired
        .toSorted((one, other) => other.expiresAt - one.expiresAt)
        .slice(0, listedExpiredKeys);
      const { createdAt: since, tierClaim } = owners.get(userId) ?? {};
      return {
        since,
        tierClaim,
        keys: [...keys.filter(({ expiresAt }) => expiresAt > now), ...last],
      };
    },
    async page({ userId, from, maximum }) {
      const isWanted = (name: string) =>
        from === undefined || name > from.name || (from.isIncluded && name === from.name);
      const held = secrets('current')
        .filter(ofUser(userId))
        .map(({ name }) => name)
        .filter(isWanted)
        .toSorted((one, other) => (one < other ? -1 : 1))
        .slice(0, maximum)
        .map((name) => ({
          name,
          current: undefined,
          previous: undefined,
          ...names.get(idOf(userId, name)),
        }));
      return { tierClaim: owners.get(userId)?.tierClaim, names: held };
    },
    wasRevoked: async (ids) =>
      audit.some(
        ({ action, keyId = '' }) =>
          action === 'key.revoked' && (ids as readonly string[]).includes(keyId),
      ),
    async erase({ userId, by: actor, now: at }) {
      const logins = [...deviceLogins.values()].filter((login) => login.userId === userId);
      for (const { id } of logins) deviceLogins.delete(id);
      const isKnown = [owners.delete(userId), removeOf(usage, userId), logins.length > 0].includes(
        true,
      );
      if (!isKnown) return false;
      for (const map of [names, records]) removeOf(map, userId);
      audit = [
        ...audit.filter((entry) => entry.userId !== userId),
        erasureEntry({ at, actor, userId }),
      ];
      erased.set(userId, erasedUpTo(at));
      return true;
    },
    async inspect(userId) {
      const owner = owners.get(userId);
      const superseded = (which: keyof Secrets) => (key: KeyRecord) => ({
        ...key,
        superseded: which === 'previous',
      });
      const listed = (which: keyof Secrets) =>
        secrets(which).filter(ofUser(userId)).map(superseded(which));
      return owner && { ...statusOf(owner), keys: [...listed('current'), ...listed('previous')] };
    },
    async *owners() {
      yield [...owners].map(([userId, owner]) => ({ userId, ...statusOf(owner) }));
    },
    readAudit: async (userId) =>
      audit
        .filter((entry) => [userId, erasedUserId(userId)].includes(entry.userId))
        .toReversed()
        .toSorted((one, other) => other.at - one.at),
    async resetUsage(command) {
      const { userId, now } = command;
      const today = utcDayOf(now * 1000);
      const month = monthAt(userId, today);
      const { outcome, change } = decideUsageReset(month, totalsOf(month, today), command);
      if (change === undefined) return outcome;
      usage.set(idOf(userId, monthOf(today)), change.month);
      audit.push(change.entry);
      return outcome;
    },
    async countOwners() {
      const all = [...owners.values()];
      const count = (tier: string) => [
        tier,
        all.filter(({ tierClaim }) => tierClaim.tier === tier).length,
      ];
      const byTier = Object.fromEntries(Object.keys(tiers).map(count)) as Record<Tier, number>;
      return {
        total: all.length,
        suspended: all.filter(({ suspended }) => suspended).length,
        byTier,
      };
    },
    async countKeys(now) {
      const current = secrets('current').filter((key) => !isRemoved(key, now));
      const previous = secrets('previous').filter(({ expiresAt }) => expiresAt > now);
      const versions = new Set([...current, ...previous].map(({ pepperVersion }) => pepperVersion));
      return [...versions].map((pepperVersion) => {
        const held = current.filter((key) => key.pepperVersion === pepperVersion);
        const active = held.filter(({ expiresAt }) => expiresAt > now).length;
        const superseded = previous.filter((key) => key.pepperVersion === pepperVersion).length;
        return { pepperVersion, active, superseded, expired: held.length - active };
      });
    },
    async addUsage(command) {
      const { userId, day } = command;
      const before = monthAt(userId, day);
      const state = stateOf(before, command, erased.get(userId));
      if (state === 'forgotten') throw new AdditionForgottenError();
      if (state === 'made') return totalsOf(before, day);
      const after = addToMonth(before, command);
      usage.set(idOf(userId, monthOf(day)), after);
      return totalsOf(after, day);
    },
    readTotals: async (userId, day) => totalsOf(monthAt(userId, day), day),
    readActivity: async ({ userId, days, names: wanted, months, serials }) => ({
      usage: days.flatMap((day) => usageOf(monthAt(userId, day), day, wanted)),
      lastUses: lastUsesIn(
        months.map((month) => monthAt(userId, month)),
        serials,
      ),
    }),
    check: async () => {},
    close: async () => {},
  };
}
