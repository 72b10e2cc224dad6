import type { Owner } from '@andamio/keys/owner';
import { rotateKey } from '@andamio/keys/rotate';
import type { KeyDependencies } from '@andamio/keys/store';
import type { RotateApiKeyBody, RotatedApiKey } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { refusalOf } from '../response/errors.ts';

/**
 * Creates the handler of POST /api/v1/apikey/rotate, which extends a key that has expired or
 * expires within a day.
 */
export function rotateApiKeyHandler(dependencies: KeyDependencies) {
  return async (
    owner: Owner,
    body: RotateApiKeyBody,
    idempotencyKey?: string,
  ): Promise<RotatedApiKey> => {
    const outcome = await rotateKey(dependencies, owner, {
      name: body.api_key_name,
      expiresInDays: body.expires_in_days,
      idempotencyKey,
    });
    if (typeof outcome === 'string') throw refusalOf(outcome, dependencies);
    return { confirmation: `API key expiration extended to ${formatTimestamp(outcome.expiresAt)}` };
  };
}
