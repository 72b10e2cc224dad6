import type { IncomingMessage } from 'node:http';
import { specificDetails } from '@andamio/schema/errors';
import { idempotencyKeyHeader, idempotencyKeyPattern } from '@andamio/schema/idempotency-key';
import { HttpError } from '../response/errors.ts';

const pattern = new RegExp(idempotencyKeyPattern);

/**
 * Returns the `Idempotency-Key` of a request, if it has one (service contract, section "Beside the
 * contract").
 *
 * @throws {@link HttpError} `invalid_field` if the header is malformed or repeated.
 */
export function idempotencyKeyOf({ headersDistinct }: IncomingMessage): string | undefined {
  const values = headersDistinct[idempotencyKeyHeader.toLowerCase()] ?? [];
  if (values.length > 1 || (values[0] !== undefined && !pattern.test(values[0]))) {
    throw new HttpError('invalid_field', specificDetails.idempotencyKey);
  }
  return values[0];
}
