import type { IssueKeyDependencies } from '@andamio/keys/issue';
import type { Owner } from '@andamio/keys/owner';
import { rollKey } from '@andamio/keys/roll';
import type { RollApiKeyBody, RolledApiKey } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { describeKey } from '../response/describe-key.ts';
import { refusalOf } from '../response/errors.ts';

/**
 * Creates the handler of POST /api/v1/apikey/roll, which replaces the secret of a key. Only this
 * answer contains the new key.
 */
export function rollApiKeyHandler(dependencies: IssueKeyDependencies) {
  return async (
    owner: Owner,
    body: RollApiKeyBody,
    idempotencyKey?: string,
  ): Promise<RolledApiKey> => {
    const rolled = await rollKey(dependencies, owner, {
      name: body.api_key_name,
      graceSeconds: body.grace_seconds,
      idempotencyKey,
    });
    if (typeof rolled === 'string') throw refusalOf(rolled, dependencies);
    return {
      api_key: rolled.key,
      ...describeKey(rolled.facts, true),
      previous_expires_at: formatTimestamp(rolled.previousExpiresAt),
    };
  };
}
