import { LRUCache } from 'lru-cache';
import type { FoundKey } from './found-key.ts';

/** What a read found, and when the read began in milliseconds of the monotonic clock: its age counts from then. */
export interface Finding<Found> {
  readonly found: Found | undefined;
  readonly begunAt: number;
}

/** The findings that were used last, by id, and by the owner of what was found. */
export class Findings<Found extends FoundKey> {
  readonly #byId: LRUCache<string, Finding<Found>>;
  readonly #idsOf = new Map<string, Set<string>>();

  /** @param maximum how many are kept. */
  constructor(maximum: number) {
    this.#byId = new LRUCache({ max: maximum, dispose: (finding, id) => this.#unlist(finding, id) });
  }

  get(id: string): Finding<Found> | undefined {
    return this.#byId.get(id);
  }

  set(id: string, finding: Finding<Found>): void {
    this.#byId.set(id, finding);
    const owner = finding.found?.record.userId;
    if (owner === undefined) return;
    const ids = this.#idsOf.get(owner);
    if (ids === undefined) this.#idsOf.set(owner, new Set([id]));
    else ids.add(id);
  }

  delete(id: string): void {
    this.#byId.delete(id);
  }

  deleteOwner(userId: string): void {
    for (const id of [...(this.#idsOf.get(userId) ?? [])]) this.#byId.delete(id);
  }

  #unlist({ found }: Finding<Found>, id: string): void {
    if (found === undefined) return;
    const ids = this.#idsOf.get(found.record.userId);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOf.delete(found.record.userId);
  }
}
