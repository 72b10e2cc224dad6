import { deleteKey } from '@andamio/keys/delete';
import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import type { DeleteApiKeyBody, DeletedApiKey } from '@andamio/schema/operations';
import { refusalOf } from '../response/errors.ts';

/** Creates the handler of POST /api/v1/apikey/delete, which deletes a key. */
export function deleteApiKeyHandler(dependencies: KeyDependencies) {
  return async (owner: Owner, body: DeleteApiKeyBody): Promise<DeletedApiKey> => {
    const outcome = await deleteKey(dependencies, owner, body.api_key_name);
    if (outcome !== 'deleted') throw refusalOf(outcome, dependencies);
    return { confirmation: 'API key deleted successfully' };
  };
}
