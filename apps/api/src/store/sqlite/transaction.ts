import type { IdempotencyRecord } from '@andamio/keys/idempotency';
import type { Change, KeyRecord, OwnerRecord, OwnerScope, Scope, View } from '@andamio/keys/model';
import type { StoredOwner } from './owners.ts';
import type { Tables } from './tables.ts';

const unread = Symbol('unread');
type Lazy<Value> = Value | undefined | typeof unread;

/**
 * A view that reads a property when the decision first uses it, within the transaction that applies
 * the decision's changes.
 */
export class SqliteView implements View {
  /**
   * The owner, and the name if the scope has one. Undefined if the scope consists of ids and no
   * secret has any of them.
   */
  readonly target: Pick<OwnerScope, 'userId' | 'name'> | undefined;
  readonly located: KeyRecord | undefined;
  readonly #tables: Tables;
  readonly #scope: Scope;
  #owner: Lazy<StoredOwner> = unread;
  #key: Lazy<KeyRecord> = unread;
  #previous: Lazy<KeyRecord> = unread;

  constructor(tables: Tables, scope: Scope) {
    this.#tables = tables;
    this.#scope = scope;
    this.located = 'ids' in scope ? tables.find(scope.ids)?.record : undefined;
    this.target = 'ids' in scope ? this.located : scope;
  }

  get #stored(): StoredOwner | undefined {
    if (this.#owner === unread)
      this.#owner = this.target && this.#tables.owners.find(this.target.userId);
    return this.#owner;
  }

  get owner(): OwnerRecord | undefined {
    return this.#stored?.record;
  }

  #ofName(table: Tables['previousKeys']): KeyRecord | undefined {
    const { target } = this;
    return target?.name === undefined ? undefined : table.find(target.userId, target.name);
  }

  get key(): KeyRecord | undefined {
    if (this.#key === unread) this.#key = this.#ofName(this.#tables.keys);
    return this.#key;
  }

  get named(): KeyRecord | undefined {
    return this.key;
  }

  get previous(): KeyRecord | undefined {
    if (this.#previous === unread) this.#previous = this.#ofName(this.#tables.previousKeys);
    return this.#previous;
  }

  get previousId(): string | undefined {
    return this.previous?.id;
  }

  get idempotencyRecord(): IdempotencyRecord | undefined {
    const scope = this.#scope;
    return 'ids' in scope || scope.request === undefined
      ? undefined
      : this.#tables.idempotency.find(scope.request);
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

  countUnexpired(maximum: number): number {
    const { target } = this;
    return target === undefined
      ? 0
      : this.#tables.keys.countUnexpired(target.userId, this.#latest, maximum);
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
  const userId = view.target?.userId;
  if (userId === undefined || changes.length === 0) return;
  let owner = view.isLatest(now) ? view.owner : undefined;
  for (const change of changes) {
    switch (change.type) {
      case 'put_key':
      case 'replace_secret':
      case 'extend':
        tables.keys.put(change.record);
        break;
      case 'supersede':
        tables.previousKeys.put(change.record);
        break;
      case 'remove':
        tables[change.secret === 'current' ? 'keys' : 'previousKeys'].remove(userId, change.name);
        break;
      case 'put_owner':
        owner = change.owner;
        break;
      case 'save_idempotency_record':
        tables.idempotency.put(change.request, change.record);
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
