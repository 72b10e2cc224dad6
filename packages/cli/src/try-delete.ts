import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Client } from '@andamio/client';

/** Maximum number of requests that delete one key. */
const attempts = 3;
const pauseMs = 500;

/** The result of a deletion. The error is that of the last request. */
type Deletion =
  | { readonly outcome: 'deleted' }
  /** The key still exists. */
  | { readonly outcome: 'failed'; readonly error: unknown }
  /** The responses were lost, so the key may have been deleted. */
  | { readonly outcome: 'unknown'; readonly error: unknown };

/**
 * Deletes a key. The client does not repeat a deletion whose response was lost, because the name
 * could belong to another key by then. This function does, so it must be used only for a key that
 * the user did not name: one that this process has just created, or that an earlier login created.
 * If no key has the name any longer, the key was deleted.
 */
export async function tryDelete(client: Client, name: string): Promise<Deletion> {
  let isAnyInDoubt = false;
  for (let attempt = 1; ; attempt++) {
    try {
      await client.deleteApiKey({ api_key_name: name });
      return { outcome: 'deleted' };
    } catch (error) {
      if (error instanceof ApiError && error.code === 'no_such_key') return { outcome: 'deleted' };
      const isInDoubt = error instanceof ApiError && error.mayHaveBeenProcessed;
      isAnyInDoubt ||= isInDoubt;
      if (!isInDoubt || attempt === attempts)
        return { outcome: isAnyInDoubt ? 'unknown' : 'failed', error };
    }
    await delay(attempt * pauseMs);
  }
}
