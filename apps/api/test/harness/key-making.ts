import type { Pepper } from '@andamio/schema/settings';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { createKeyDeriver } from '../../src/keys/idempotency.ts';
import type { KeyMaking } from '../../src/keys/secret.ts';

/**
 * Creates the dependencies that the domain needs to create keys. The first pepper creates key ids.
 */
export function keyMaking(peppers: readonly [Pepper, ...Pepper[]]): KeyMaking {
  return {
    digester: createDigester(digestKeyOf(peppers[0])),
    deriveKey: createKeyDeriver(peppers),
  };
}
