import { type ListedKey, listPage } from '@andamio/keys/list-page';
import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import { specificDetails } from '@andamio/schema/errors';
import type { ApiKeyList, ListApiKeysQuery } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { HttpError } from '../response/errors.ts';

const optionalTimestamp = (seconds: number | undefined) =>
  seconds === undefined ? null : formatTimestamp(seconds);

/** Returns the list entry of a key. The serial is random, so it reveals nothing about the key. */
function describe({ record, state, ...key }: ListedKey): ApiKeyList['keys'][number] {
  return {
    id: record.serial,
    name: record.name,
    start: record.start,
    state,
    created_at: formatTimestamp(record.createdAt),
    expires_at: formatTimestamp(record.expiresAt),
    previous_expires_at: optionalTimestamp(key.previousExpiresAt),
    last_used_at: optionalTimestamp(key.lastUsedAt),
    requests_30d: key.requests,
  };
}

/** Creates the handler of GET /api/v1/apikey/list, which returns a page of the user's keys. */
export function listApiKeysHandler(dependencies: KeyDependencies) {
  return async (owner: Owner, query: ListApiKeysQuery): Promise<ApiKeyList> => {
    const { page_size: pageSize, page_token: pageToken } = query;
    const page = await listPage(dependencies, owner, { pageSize, pageToken });
    if (page === undefined) throw new HttpError('invalid_field', specificDetails.pageToken);
    return { keys: page.keys.map(describe), next_page_token: page.nextPageToken ?? null };
  };
}
