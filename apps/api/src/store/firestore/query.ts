import type { Collection } from '@andamio/schema/firestore-layout';
import type { Firestore, Query } from '@google-cloud/firestore';

/**
 * Returns a query for the documents of a collection whose field has a value. The field must be one
 * of the indexed fields that the layout declares, because the infrastructure creates no other
 * indexes. The emulator requires no indexes, so only the type prevents a query that Firestore would
 * reject.
 *
 * @param operator `==`, or `in` to match any of the values in an array
 */
export function documentsWhere<C extends Collection>(
  firestore: Firestore,
  { id }: C,
  field: C['indexedFields'][number],
  operator: '==' | 'in',
  value: unknown,
): Query {
  return firestore.collection(id).where(field, operator, value);
}

/**
 * Orders a query by document id. For each value of a field, the field's index is sorted by document
 * id, so a query for one value needs no other index.
 */
export function inOrderOfIds(query: Query): Query {
  return query.orderBy('__name__');
}
