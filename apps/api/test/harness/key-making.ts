import type { Pepper } from '@andamio/schema/settings';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { createKeyDeriver } from '../../src/keys/idempotency.ts';
import type { KeyMaking } from '../../src/keys/secret.ts';

/** What keys are made with under these peppers, the first of which makes new ones. */
export function keyMaking(peppers: readonly [Pepper, ...Pepper[]]): KeyMaking {
  return { digester: createDigester(digestKeyOf(peppers[0])), deriveKey: createKeyDeriver(peppers) };
}
