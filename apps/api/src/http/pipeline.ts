import type { Owner } from '@andamio/keys/owner';
import { cacheControlFor } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import type { Scope } from '@andamio/schema/operations';
import { requestIdHeader } from '@andamio/schema/request-id';
import { type Principal, permit } from '../auth/principal.ts';
import type { Authentication } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import { limitHeaders } from './limits/headers.ts';
import { charge, type Limit, RequestCount } from './limits/limit.ts';
import type { CountKeyRequest } from './limits/usage.ts';
import type { BodyRow, KeyRow, PublicBodyRow, PublicRow, ReadRow, Row } from './operations/row.ts';
import { parseBody, readBody } from './request/body.ts';
import { idempotencyKeyOf } from './request/headers.ts';
import { requireHost } from './request/host.ts';
import { parseQuery } from './request/query.ts';
import {
  type Answer,
  jsonAnswer,
  jsonType,
  noStore,
  sendAnswer,
  uncached,
} from './response/answer.ts';
import { type CrossOrigin, exposureHeaders } from './response/cross-origin.ts';
import { type AnswerError, HttpError, isTooManyRequests } from './response/errors.ts';
import { helmetHeaders, programHeaders } from './response/security-headers.ts';

export interface PipelineDependencies {
  readonly authenticate: Authentication;
  readonly limits: {
    readonly address: Limit<string>;
    readonly reportedKeys: Limit<string>;
    readonly user: Limit<Principal>;
  };
  readonly countKeyRequest: CountKeyRequest;
  readonly crossOrigin: CrossOrigin;
  readonly answerError: AnswerError;
}

/** Answers a request to an operation. The returned promise never rejects. */
export type Pipeline = (row: Row, exchange: Exchange) => Promise<void>;

/**
 * Creates the pipeline of steps for all operations: authenticate → limit → authorize → parse →
 * handle → answer. The operation determines which steps apply. Each step takes and returns values.
 * To refuse a request, a step throws an error, which becomes the answer. The pipeline does not
 * depend on Express (docs/decisions/0033-one-pipeline.md).
 */
export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { authenticate, limits, countKeyRequest, crossOrigin, answerError } = dependencies;

  /**
   * Runs steps, and charges the client address if they refuse the request with status 429. The
   * request's own count was refunded when its credentials were verified. Without the charge, an
   * address with one valid token or key could send unlimited requests.
   */
  async function chargingRefusals<Result>(
    address: string,
    steps: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await steps();
    } catch (error) {
      if (isTooManyRequests(error)) await charge(limits.address, address);
      throw error;
    }
  }

  function authorize(principal: Principal, permission: Scope): Owner {
    const owner = permit(principal, permission);
    if (typeof owner === 'string') throw new HttpError(owner);
    return owner;
  }

  async function answerAnyone(
    row: PublicRow | PublicBodyRow,
    exchange: Exchange,
    count: RequestCount,
  ): Promise<Answer> {
    const { request, response, address } = exchange;
    await count.consume(limits.address, address);
    if (!('body' in row)) return row.handle(exchange);
    const body = parseBody(await readBody(request, response), row.body.schema);
    await count.consumeMany(limits.reportedKeys, address, row.keysIn(body) - 1);
    return jsonAnswer(await row.handle(body, exchange), row.success.status);
  }

  async function answerUser(
    row: ReadRow | BodyRow,
    exchange: Exchange,
    count: RequestCount,
  ): Promise<Answer> {
    const { request, response, address, report } = exchange;
    const principal = await authenticate.user(exchange, count);
    report.userId = principal.userId;
    return chargingRefusals(address, async () => {
      await count.consume(limits.user, principal);
      const owner = authorize(principal, row.permission);
      if (!('body' in row)) {
        const query = row.query === undefined ? {} : parseQuery(request, row.query);
        return jsonAnswer(await row.handle(owner, query));
      }
      const body = parseBody(await readBody(request, response), row.body.schema);
      const idempotencyKey = row.repeatable ? idempotencyKeyOf(request) : undefined;
      return jsonAnswer(await row.handle(owner, body, idempotencyKey, exchange));
    });
  }

  async function answerKey(row: KeyRow, exchange: Exchange, count: RequestCount): Promise<Answer> {
    const { request, address, report } = exchange;
    const { key, isExempt } = await authenticate.key(exchange, count);
    const { found, millisecondsLeft } = key;
    report.userId = found.record.userId;
    const limit = () => countKeyRequest(request, found, count);
    await (isExempt ? limit() : chargingRefusals(address, limit));
    const caching = [
      'Cache-Control',
      cacheControlFor(millisecondsLeft),
      'Vary',
      `Origin, ${apiKeyHeader}`,
    ];
    const { headers, body } = row.handle(found);
    return { status: 200, headers: [...caching, ...headers, ...jsonType], body };
  }

  function answer(row: Row, exchange: Exchange, count: RequestCount): Promise<Answer> {
    switch (row.security) {
      case 'none':
        return answerAnyone(row, exchange, count);
      case 'bearer':
        return answerUser(row, exchange, count);
      case 'apiKey':
        return answerKey(row, exchange, count);
    }
  }

  const forBrowsers = {
    always: helmetHeaders(),
    readable: [...helmetHeaders(), ...exposureHeaders],
  };
  const forPrograms = { always: programHeaders, readable: programHeaders };
  const constantHeaders = { none: forBrowsers, bearer: forBrowsers, apiKey: forPrograms };

  async function respond(row: Row, exchange: Exchange): Promise<void> {
    const { request, response, requestId } = exchange;
    const { security } = row;
    const count = new RequestCount();
    // Whether pages of listed origins may read the answer. They may not if the Host header is
    // invalid, unless the operation takes an API key.
    let isReadable = security === 'apiKey';
    let result: Answer;
    try {
      requireHost(request);
      isReadable = true;
      result = await answer(row, exchange, count);
    } catch (error) {
      const isOAuth = security === 'none' && 'oauthErrors' in row;
      result = answerError(error, exchange, isReadable ? uncached : noStore, isOAuth);
    }
    if (isReadable && request.headers.origin !== undefined) crossOrigin.expose(request, response);
    const { always, readable } = constantHeaders[security];
    const headers = [
      requestIdHeader,
      requestId,
      ...(isReadable ? readable : always),
      ...result.headers,
    ];
    if (count.status !== undefined) headers.push(...limitHeaders(count.status));
    sendAnswer(response, { ...result, headers });
  }

  return async (row, exchange) => {
    const { request, response, report } = exchange;
    const { path, security } = row;
    report.route = { method: request.method ?? '', path, routine: security === 'apiKey' };
    try {
      await respond(row, exchange);
    } catch (error) {
      report.cause = error;
      response.destroy();
    }
  };
}
