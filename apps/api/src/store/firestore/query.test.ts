import type { collections } from '@andamio/schema/firestore-layout';
import { expectTypeOf, test } from 'vitest';
import type { documentsWhere } from './query.ts';

test('a query is possible by an indexed field only', () => {
  type FieldOf<C extends keyof typeof collections> = Parameters<
    typeof documentsWhere<(typeof collections)[C]>
  >[2];
  expectTypeOf<FieldOf<'keys'>>().toEqualTypeOf<'user_id'>();
  expectTypeOf<FieldOf<'audit'>>().toEqualTypeOf<'user_id' | 'key_id'>();
  expectTypeOf<FieldOf<'owners'>>().toEqualTypeOf<'suspended' | 'tier'>();
});
