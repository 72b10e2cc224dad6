import type { IncomingMessage } from 'node:http';
import { cacheControlFor } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import type { FoundKey } from '../../keys/store.ts';
import { standingHeaders } from '../limits/headers.ts';
import { consume, type Limit } from '../limits/limit.ts';
import type { MeterUsage } from '../limits/usage.ts';
import type { LocalResponse } from '../locals.ts';
import { madeOnce } from '../made-once.ts';
import { requireHost } from '../request/host.ts';
import { requestIdHeader } from '../request/id.ts';
import { type Answer, type RawHeaders, sendAnswer } from '../response/answer.ts';
import type { CrossOrigin } from '../response/cross-origin.ts';
import { errorAnswer } from '../response/errors.ts';
import type { AuthenticateKey } from './authenticate-key.ts';
import type { KeyRoute } from './route.ts';

/** What lets a request with a key in, or not. */
export interface KeyGates {
  readonly authenticate: AuthenticateKey;
  readonly keyLimit: Limit;
  readonly meter: MeterUsage;
  readonly crossOrigin: CrossOrigin;
}

/** Answers the requests that are for it. */
export interface KeyListener {
  isFor(request: IncomingMessage): boolean;
  answer(request: IncomingMessage, response: LocalResponse): void;
}

/** On every answer: what OWASP's REST Security Cheat Sheet names, for answers that no browser shows. */
const securityHeaders: RawHeaders = [
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options',
  'nosniff',
  'X-Frame-Options',
  'DENY',
];

/**
 * Answers an operation that takes a key, past Express: whoever accepts keys asks here for nearly every request of its own, and Express
 * would cost more than all that is done (docs/decisions/0025-verify-bypasses-express.md).
 */
export function createKeyListener({ operation, describe }: KeyRoute, gates: KeyGates): KeyListener {
  const { path } = operation;
  const { authenticate, keyLimit, meter, crossOrigin } = gates;
  const jsonOf = madeOnce((found: FoundKey) => JSON.stringify(describe(found)));
  // And all below it, as it was sent: decoding what stands there could only fail.
  const target = new RegExp(`^${path}(?:[/?#]|$)`);

  async function answerOf(request: IncomingMessage, response: LocalResponse): Promise<Answer> {
    requireHost(request);
    const { locals } = response;
    const key = await authenticate(request, locals, async (verified) => {
      locals.verifiedKey = verified;
      await consume(keyLimit, locals);
      await meter(request, verified, locals);
    });
    return {
      status: 200,
      headers: ['Cache-Control', cacheControlFor(key.millisecondsLeft), 'Vary', `Origin, ${apiKeyHeader}`],
      json: jsonOf(key.found),
    };
  }

  function refusalOf(error: unknown, { locals }: LocalResponse): Answer {
    const answer = errorAnswer(error, locals);
    return { ...answer, headers: ['Cache-Control', 'no-store', 'Vary', 'Origin', ...answer.headers] };
  }

  function send(response: LocalResponse, { status, headers, json }: Answer): void {
    const { requestId, standing } = response.locals;
    const told = standing === undefined ? [] : standingHeaders(standing);
    sendAnswer(response, {
      status,
      json,
      headers: [requestIdHeader, requestId, ...securityHeaders, ...headers, ...told],
    });
  }

  async function respond(request: IncomingMessage, response: LocalResponse): Promise<void> {
    try {
      send(response, await answerOf(request, response));
    } catch (error) {
      send(response, refusalOf(error, response));
    }
  }

  return {
    isFor: (request) =>
      target.test(request.url as string) && !(request.url === path && crossOrigin.isPreflight(request)),
    answer(request, response) {
      response.locals.route = { method: request.method as string, path, routine: true };
      if (request.headers.origin !== undefined) crossOrigin.expose(request, response);
      respond(request, response).catch((error: unknown) => {
        response.locals.cause = error;
        response.destroy();
      });
    },
  };
}
