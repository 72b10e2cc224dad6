import type { IssuedApiKey, RequestApiKeyBody } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { type IssueKeyDependencies, issueKey, type Owner } from '../../keys/issue.ts';
import { HttpError } from '../errors.ts';

/** POST /api/v1/apikey/request: issues a key and shows it, this once. */
export function requestApiKeyHandler(dependencies: IssueKeyDependencies) {
  return async (owner: Owner, body: RequestApiKeyBody): Promise<IssuedApiKey> => {
    const issued = await issueKey(dependencies, owner, {
      name: body.api_key_name,
      expiresInDays: body.expires_in_days,
    });
    if (typeof issued === 'string') throw new HttpError(issued);
    const { key, record } = issued;
    return {
      api_key: key,
      created_at: formatTimestamp(record.createdAt),
      expires_at: formatTimestamp(record.expiresAt),
      expires_in_days: record.expiresInDays,
      is_active: true,
      name: record.name,
    };
  };
}
