import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { specificDetails } from '@andamio/schema/errors';
import { idempotencyKeyHeader, idempotencyKeyPattern } from '@andamio/schema/idempotency-key';
import { containsKey } from '@andamio/schema/key-format';
import { requestIdHeader, requestIdPattern } from '@andamio/schema/request-id';
import { HttpError } from '../response/errors.ts';

const acceptedId = new RegExp(requestIdPattern);
const sentIdHeader = requestIdHeader.toLowerCase();

/**
 * Returns the request id that the client sent in `X-Request-Id`, or a new id if the header is
 * missing, malformed or contains an API key (contract, "Requests"). The id is logged, and a key
 * must not be.
 */
export function requestIdOf({ headers }: IncomingMessage): string {
  const sent = headers[sentIdHeader];
  const isAccepted = typeof sent === 'string' && acceptedId.test(sent) && !containsKey(sent);
  return isAccepted ? sent : randomUUID();
}

const idempotencyKey = new RegExp(idempotencyKeyPattern);

/**
 * Returns the `Idempotency-Key` of a request, if it has one (contract, "Safe retries").
 *
 * @throws {@link HttpError} `invalid_field` if the header is malformed or repeated.
 */
export function idempotencyKeyOf({ headersDistinct }: IncomingMessage): string | undefined {
  const values = headersDistinct[idempotencyKeyHeader.toLowerCase()] ?? [];
  if (values.length > 1 || (values[0] !== undefined && !idempotencyKey.test(values[0]))) {
    throw new HttpError('invalid_field', specificDetails.idempotencyKey);
  }
  return values[0];
}
