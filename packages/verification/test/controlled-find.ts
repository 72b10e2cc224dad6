import type { KeyId } from '../src/digest.ts';
import type { VerifiableKey } from '../src/verifiable-key.ts';

/** A lookup that the test completes. */
interface ControlledRead {
  readonly ids: readonly string[];
  find(found: VerifiableKey | undefined): void;
  fail(error: Error): void;
}

/** Creates a fake store. The test completes its lookups. */
export function controlledFind() {
  const reads: ControlledRead[] = [];
  return {
    reads,
    find: (ids: readonly string[]) =>
      new Promise<VerifiableKey | undefined>((resolve, reject) => {
        reads.push({ ids, find: resolve, fail: reject });
      }),
    read(index: number): ControlledRead {
      const read = reads[index];
      if (read === undefined) throw new Error(`There were only ${reads.length} reads.`);
      return read;
    },
  };
}

/** Returns a stored key that is valid until the given time in Unix seconds. */
export function foundKey(
  id: string,
  { expiresAt = 4_000_000_000, suspended = false, userId = 'user' } = {},
): VerifiableKey {
  return {
    record: { id: id as KeyId, userId, name: 'name', createdAt: 0, expiresAt },
    tier: 'pioneer',
    suspended,
  };
}
