import type { IncomingMessage } from 'node:http';
import { idempotencyKeyHeader, idempotencyKeyPattern } from '@andamio/schema/idempotency-key';
import { HttpError } from '../response/errors.ts';

const pattern = new RegExp(idempotencyKeyPattern);

/**
 * What a request would be repeated with (service contract, "Beside the contract").
 *
 * @throws {@link HttpError} 422 for a key that breaks the rule, or two.
 */
export function idempotencyKeyOf({ headersDistinct }: IncomingMessage): string | undefined {
  const values = headersDistinct[idempotencyKeyHeader.toLowerCase()] ?? [];
  if (values.length > 1 || (values[0] !== undefined && !pattern.test(values[0]))) {
    throw new HttpError(
      'invalid_field',
      `${idempotencyKeyHeader}: must be 1 to 128 visible ASCII characters, sent once`,
    );
  }
  return values[0];
}
