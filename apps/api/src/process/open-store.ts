import type { Administration } from '../keys/administration.ts';
import type { KeyStore } from '../keys/store.ts';
import type { CompleteSettings } from '../settings.ts';

/** Makes the store that the settings name. It need not answer yet. What another setting would choose is not loaded. */
export async function openStore(
  settings: CompleteSettings['store'],
  now: () => number,
): Promise<KeyStore & Administration> {
  if (settings.kind === 'sqlite') {
    const { createSqliteStore } = await import('../store/sqlite/store.ts');
    return createSqliteStore(settings.path, now);
  }
  const { createFirestoreStore } = await import('../store/firestore/store.ts');
  return createFirestoreStore(settings);
}
