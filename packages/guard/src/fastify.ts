import { apiKeyHeader } from '@andamio/schema/key-format';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey } from './api-key.ts';
import type { ApiKeyGuardOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { Refusal, responseOf } from './refusal.ts';
import { checkHeader, strategyOf } from './strategy.ts';

export type * from './types.ts';

/** The API key header in lowercase, as Node.js provides header names. */
const header = apiKeyHeader.toLowerCase();

declare module 'fastify' {
  interface FastifyRequest {
    /** The API key that the request presented. Hooks that run before the guard see null. */
    apiKey: ApiKey;
  }
}

function settle(
  outcome: Outcome,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  if (outcome instanceof Refusal) {
    const { status, headers, body } = responseOf(outcome);
    reply.code(status).headers(headers).send(body);
  } else {
    request.apiKey = outcome;
    done();
  }
}

const plugin: FastifyPluginAsync<ApiKeyGuardOptions> = async (app, options) => {
  const strategy = strategyOf(options);
  if (!app.hasRequestDecorator('apiKey')) app.decorateRequest('apiKey', null as unknown as ApiKey);
  app.addHook('onRequest', (request, reply, done) => {
    const outcome = checkHeader(strategy, request.headers[header], request);
    if (outcome instanceof Promise)
      outcome.then((found) => settle(found, request, reply, done)).catch(done);
    else settle(outcome, request, reply, done);
  });
  app.addHook('onClose', () => strategy.close());
};

/**
 * Fastify plugin that requires a valid `X-API-Key` header for all routes of the Fastify instance
 * that registers it, and of that instance's children.
 *
 * A request within the rate limit of the key's owner is accepted, and `request.apiKey` is set.
 * Other requests are rejected with 401, 429 or 503 and an error body in the API's format. When the
 * instance closes, outstanding usage is reported.
 *
 * Registration fails with a `TypeError` or `RangeError` if an option is invalid.
 */
export const apiKeyGuard: FastifyPluginAsync<ApiKeyGuardOptions> = Object.assign(plugin, {
  // Without this symbol, a plugin affects only its own instance
  // (https://fastify.dev/docs/latest/Reference/Plugins/#handle-the-scope).
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@andamio/guard',
});
