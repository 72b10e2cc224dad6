import type { IncomingMessage } from 'node:http';
import { apiKeyHeader } from '@andamio/schema/key-format';

const header = apiKeyHeader.toLowerCase();

/**
 * What a request sends as its key. A header that is sent twice comes as one text with a comma in it, which is no key.
 *
 * @returns undefined without the header.
 */
export function apiKeyOf({ headers }: IncomingMessage): string | undefined {
  return headers[header] as string | undefined;
}
