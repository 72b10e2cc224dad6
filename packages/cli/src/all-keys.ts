import type { ApiKeyInList, Client } from '@andamio/client';

/** Returns all keys of the user, read page by page. */
export async function allKeys(client: Client): Promise<ApiKeyInList[]> {
  const keys: ApiKeyInList[] = [];
  let page_token: string | undefined;
  do {
    const page = await client.listApiKeys({ page_size: 100, page_token });
    keys.push(...page.keys);
    page_token = page.next_page_token ?? undefined;
  } while (page_token !== undefined);
  return keys;
}
