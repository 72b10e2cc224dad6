import type { DeviceLogin } from '@andamio/keys/device-login/model';
import type { IdempotencyRecord } from '@andamio/keys/idempotency';
import type {
  Change,
  KeyRecord,
  NamedKey,
  NameView,
  OwnerRecord,
  OwnerScope,
  Scope,
  View,
} from '@andamio/keys/model';
import type { StoredOwner } from './owners.ts';
import type { Tables } from './tables.ts';

const unread = Symbol('unread');
type Lazy<Value> = Value | undefined | typeof unread;

/** What a transaction reads of a name that is not in its scope. */
const outOfScope: NameView = {
  named: undefined,
  previousId: undefined,
  key: undefined,
  previous: undefined,
};

/**
 * The secrets of a name, each read when the decision first uses it. The rows contain full records,
 * but a decision gets only what its scope names, as in a database that reads no more than that.
 */
class SqliteNameView implements NameView {
  readonly #tables: Tables;
  readonly #key: readonly [userId: string, name: string];
  readonly #reads: OwnerScope['reads'];
  #current: Lazy<KeyRecord> = unread;
  #previous: Lazy<KeyRecord> = unread;

  constructor(tables: Tables, userId: string, name: string, reads: OwnerScope['reads']) {
    this.#tables = tables;
    this.#key = [userId, name];
    this.#reads = reads;
  }

  get #storedCurrent(): KeyRecord | undefined {
    if (this.#current === unread) this.#current = this.#tables.keys.find(...this.#key);
    return this.#current;
  }

  get #storedPrevious(): KeyRecord | undefined {
    if (this.#previous === unread) this.#previous = this.#tables.previousKeys.find(...this.#key);
    return this.#previous;
  }

  get named(): NamedKey | undefined {
    const current = this.#storedCurrent;
    return current && { id: current.id, serial: current.serial, deleteAfter: current.deleteAfter };
  }

  get previousId(): string | undefined {
    return this.#storedPrevious?.id;
  }

  get key(): KeyRecord | undefined {
    return this.#reads === undefined ? undefined : this.#storedCurrent;
  }

  get previous(): KeyRecord | undefined {
    return this.#reads === 'both' ? this.#storedPrevious : undefined;
  }
}

/**
 * A view that reads a property when the decision first uses it, within the transaction that applies
 * the decision's changes.
 */
export class SqliteView implements View {
  /** The owner. Undefined if the scope consists of ids and no secret has one of the ids. */
  readonly userId: string | undefined;
  readonly located: KeyRecord | undefined;
  readonly #tables: Tables;
  readonly #scope: Scope;
  readonly #names = new Map<string, NameView>();
  #owner: Lazy<StoredOwner> = unread;

  constructor(tables: Tables, scope: Scope) {
    this.#tables = tables;
    this.#scope = scope;
    this.located = 'ids' in scope ? tables.find(scope.ids)?.record : undefined;
    this.userId = 'ids' in scope ? this.located?.userId : scope.userId;
  }

  get #stored(): StoredOwner | undefined {
    if (this.#owner === unread)
      this.#owner = this.userId === undefined ? undefined : this.#tables.owners.find(this.userId);
    return this.#owner;
  }

  get owner(): OwnerRecord | undefined {
    return this.#stored?.record;
  }

  at(name: string): NameView {
    let view = this.#names.get(name);
    if (view === undefined) {
      view = this.#read(name);
      this.#names.set(name, view);
    }
    return view;
  }

  #read(name: string): NameView {
    const { names = [], reads } = this.#secrets;
    return this.userId !== undefined && names.includes(name)
      ? new SqliteNameView(this.#tables, this.userId, name, reads)
      : outOfScope;
  }

  /** The names and secrets that are in the scope. */
  get #secrets(): Pick<OwnerScope, 'names' | 'reads'> {
    if (!('ids' in this.#scope)) return this.#scope;
    return this.located === undefined ? {} : { names: [this.located.name], reads: 'both' };
  }

  get idempotencyRecord(): IdempotencyRecord | undefined {
    const scope = this.#scope;
    return 'ids' in scope || scope.request === undefined
      ? undefined
      : this.#tables.idempotency.find(scope.request);
  }

  get deviceLogin(): DeviceLogin | undefined {
    const scope = this.#scope;
    return 'ids' in scope || scope.deviceLoginId === undefined
      ? undefined
      : this.#tables.deviceLogins.find([scope.deviceLoginId]);
  }

  /**
   * The current time, or the time of the owner's latest change if that is later. It is later if
   * this transaction had to wait for that change.
   */
  get #latest(): number {
    return Math.max(this.#scope.now, this.#stored?.changedAt ?? 0);
  }

  /**
   * Reports whether a change at `now`, in Unix seconds, is later than all previous changes of the
   * owner.
   */
  isLatest(now: number): boolean {
    return now > (this.#stored?.changedAt ?? 0);
  }

  countUnexpired(): number {
    const { userId } = this;
    return userId === undefined ? 0 : this.#tables.keys.countUnexpired(userId, this.#latest);
  }

  isCounted({ expiresAt }: KeyRecord): boolean {
    return expiresAt > this.#latest;
  }
}

/** Applies the changes that a decision made. */
export function applyChanges(
  tables: Tables,
  view: SqliteView,
  now: number,
  changes: readonly Change[],
): void {
  const { userId } = view;
  if (userId === undefined || changes.length === 0) return;
  const secrets = { current: tables.keys, previous: tables.previousKeys };
  let owner = view.isLatest(now) ? view.owner : undefined;
  for (const change of changes) {
    switch (change.type) {
      case 'put_secret':
        secrets[change.secret].put(change.record);
        break;
      case 'remove_secret':
        secrets[change.secret].remove(userId, change.name);
        break;
      case 'put_owner':
        owner = change.owner;
        break;
      case 'save_idempotency_record':
        tables.idempotency.put(change.request, change.record);
        break;
      case 'put_device_login':
        tables.deviceLogins.put(change.login);
        break;
      case 'append_audit_entry':
        tables.audit.append(change.entry);
        break;
      default:
        change satisfies never;
    }
  }
  if (owner !== undefined) tables.owners.put(userId, owner, now);
}
