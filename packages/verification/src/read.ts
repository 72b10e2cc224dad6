import type { Finding } from './findings.ts';
import type { FoundKey } from './found-key.ts';

/** A read of the store that is under way. */
export class Read<Found extends FoundKey> {
  readonly ids: readonly [string, ...string[]];
  /** Milliseconds of the monotonic clock. */
  readonly begunAt: number;
  readonly finding: Promise<Finding<Found>>;
  /** Owners whose keys were changed since it began, with the number of the latest change. */
  readonly #changes = new Map<string, number>();

  constructor(ids: readonly [string, ...string[]], begunAt: number, found: Promise<Found | undefined>) {
    this.ids = ids;
    this.begunAt = begunAt;
    this.finding = found.then((value) => ({ found: value, begunAt }));
  }

  /** Notes that what it finds of an owner may be from before a change. */
  noteChange(userId: string, change: number): void {
    this.#changes.set(userId, change);
  }

  /** Whether what it found may be from before a change with at most the given number. */
  mayPrecede({ found }: Finding<Found>, change: number): boolean {
    const noted = found && this.#changes.get(found.record.userId);
    return noted !== undefined && noted <= change;
  }
}
