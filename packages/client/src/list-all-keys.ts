import type { ApiKeyInList, Client } from './generated/types.ts';

/**
 * Returns all keys of the user in one array, read page by page: the unexpired keys, of which the
 * user's tier allows at most 1,000, their previous secrets that are still valid, and the keys that
 * expired within the last 30 days.
 *
 * @throws {@link ApiError} as `listApiKeys` does. The keys that were already read are then lost.
 */
export async function listAllApiKeys(client: Pick<Client, 'listApiKeys'>): Promise<ApiKeyInList[]> {
  const keys: ApiKeyInList[] = [];
  let page_token: string | undefined;
  do {
    const page = await client.listApiKeys({ page_size: 100, page_token });
    keys.push(...page.keys);
    page_token = page.next_page_token ?? undefined;
  } while (page_token !== undefined);
  return keys;
}
