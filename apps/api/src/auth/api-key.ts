import type { IncomingMessage } from 'node:http';
import { apiKeyHeader } from '@andamio/schema/key-format';

const header = apiKeyHeader.toLowerCase();

/**
 * Returns the API key header of a request. Undefined without the header. Node joins repeated
 * headers with a comma, which no key contains, so a request with two keys is refused.
 */
export function apiKeyOf({ headers }: IncomingMessage): string | undefined {
  return headers[header] as string | undefined;
}
