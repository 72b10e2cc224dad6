import { createKeyDeriver } from '@andamio/keys/idempotency';
import type { KeyMaking } from '@andamio/keys/secret';
import type { Pepper } from '@andamio/schema/settings';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';

/**
 * Creates the dependencies that the domain needs to create keys. The first pepper creates key ids.
 */
export function keyMaking(peppers: readonly [Pepper, ...Pepper[]]): KeyMaking {
  return {
    digester: createDigester(digestKeyOf(peppers[0])),
    deriveKey: createKeyDeriver(peppers),
  };
}
