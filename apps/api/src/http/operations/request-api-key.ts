import { type IssueKeyDependencies, issueKey } from '@andamio/keys/issue';
import type { Owner } from '@andamio/keys/owner';
import type { IssuedApiKey, RequestApiKeyBody } from '@andamio/schema/operations';
import { describeKey } from '../response/describe-key.ts';
import { refusalOf } from '../response/errors.ts';

/**
 * Creates the handler of POST /api/v1/apikey/request, which issues a key. Only this answer contains
 * the key.
 */
export function requestApiKeyHandler(dependencies: IssueKeyDependencies) {
  return async (
    owner: Owner,
    body: RequestApiKeyBody,
    idempotencyKey?: string,
  ): Promise<IssuedApiKey> => {
    const issued = await issueKey(dependencies, owner, {
      name: body.api_key_name,
      expiresInDays: body.expires_in_days,
      idempotencyKey,
    });
    if (typeof issued === 'string') throw refusalOf(issued, dependencies);
    return { api_key: issued.key, ...describeKey(issued.facts, true) };
  };
}
