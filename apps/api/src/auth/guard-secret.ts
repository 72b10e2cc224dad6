import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { guardSecretHeader } from '@andamio/schema/guards';

const header = guardSecretHeader.toLowerCase();
const digest = (text: string) => hash('sha256', text, 'buffer');

/** Reports whether a request comes from a guard. */
export type IsGuard = (request: IncomingMessage) => boolean;

/**
 * Creates a predicate that recognizes guards: callers that send one of the secrets in
 * `X-Guard-Secret`. The comparison takes the same time for every value that is sent.
 */
export function recognizeGuards(secrets: readonly string[]): IsGuard {
  const digests = secrets.map(digest);
  return ({ headers }) => {
    const sent = headers[header];
    if (typeof sent !== 'string') return false;
    const digestOfSent = digest(sent);
    return digests.filter((known) => timingSafeEqual(known, digestOfSent)).length > 0;
  };
}
