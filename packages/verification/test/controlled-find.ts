import type { FoundKey } from '../src/found-key.ts';

/** A look-up of which the test says when it ends and how. */
interface PendingRead {
  readonly ids: readonly string[];
  find(found: FoundKey | undefined): void;
  fail(error: Error): void;
}

/** A store whose answers the test gives. */
export function controlledFind() {
  const reads: PendingRead[] = [];
  return {
    /** All reads so far. */
    reads,
    find: (ids: readonly string[]) =>
      new Promise<FoundKey | undefined>((resolve, reject) => {
        reads.push({ ids, find: resolve, fail: reject });
      }),
    read(index: number): PendingRead {
      const read = reads[index];
      if (read === undefined) throw new Error(`There were only ${reads.length} reads.`);
      return read;
    },
  };
}

/** A key as a store finds it: good until the given Unix second. */
export function foundKey(id: string, { expiresAt = 4_000_000_000, suspended = false, userId = 'user' } = {}): FoundKey {
  return { record: { id, userId, name: 'name', createdAt: 0, expiresAt }, tier: 'pioneer', suspended };
}
