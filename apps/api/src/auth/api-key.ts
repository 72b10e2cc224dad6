import type { IncomingMessage } from 'node:http';
import { apiKeyHeader } from '@andamio/schema/key-format';

const header = apiKeyHeader.toLowerCase();

/**
 * Returns what a request sends as its key. Undefined without the header. Node joins a repeated
 * header with a comma, which no key contains.
 */
export function apiKeyOf({ headers }: IncomingMessage): string | undefined {
  return headers[header] as string | undefined;
}
