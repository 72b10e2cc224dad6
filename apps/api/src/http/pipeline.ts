import type { FoundKey } from '@andamio/keys/model';
import type { Owner } from '@andamio/keys/owner';
import { cacheControlFor } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';
import type { Scope } from '@andamio/schema/operations';
import { requestIdHeader } from '@andamio/schema/request-id';
import type { VerifiedKey } from '@andamio/verification/verify-key';
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
    readonly user: Limit<Principal>;
  };
  readonly countKeyRequest: CountKeyRequest;
  readonly crossOrigin: CrossOrigin;
  readonly answerError: AnswerError;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}

/** Names the headers on which the answer to a request with an API key depends. */
const keyVary = `Origin, ${apiKeyHeader}`;

/** An answer, or a promise of it if a step has to wait. */
type Answering = Promise<Answer> | Answer;

/** Answers a request to an operation. The returned promise never rejects. */
export type Pipeline = (row: Row, exchange: Exchange) => Promise<void>;

/**
 * Creates the pipeline of steps for all operations: authenticate → limit → authorize → parse →
 * handle → answer. The operation determines which steps apply. Each step takes and returns values.
 * To refuse a request, a step throws an error, which becomes the answer. The pipeline does not
 * depend on Express (docs/decisions/0033-one-pipeline.md).
 */
export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { authenticate, limits, countKeyRequest, crossOrigin, answerError, now } = dependencies;

  /**
   * Runs steps, and charges the client address if they refuse the request with status 429. The
   * request's own count was refunded when its credentials were verified. Without the charge, an
   * address with one valid token or key could send unlimited requests.
   *
   * @param isExempt whether the limit of the address does not apply. Called only if the request is
   *   refused.
   */
  function chargingRefusals<Result>(
    address: string,
    steps: () => Promise<Result> | Result,
    isExempt = () => false,
  ): Promise<Result> | Result {
    const refuse = async (error: unknown): Promise<never> => {
      if (isTooManyRequests(error) && !isExempt()) await charge(limits.address, address);
      throw error;
    };
    try {
      const result = steps();
      return result instanceof Promise ? result.catch(refuse) : result;
    } catch (error) {
      return refuse(error);
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
    return jsonAnswer(await row.handle(body, exchange, count), row.success.status);
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
      const counted = await count.consume(limits.user, principal);
      try {
        const owner = authorize(principal, row.permission);
        if (!('body' in row)) {
          const query = row.query === undefined ? {} : parseQuery(request, row.query);
          return jsonAnswer(await row.handle(owner, query));
        }
        const body = parseBody(await readBody(request, response), row.body.schema);
        const idempotencyKey = row.repeatable ? idempotencyKeyOf(request) : undefined;
        return jsonAnswer(await row.handle(owner, body, idempotencyKey, exchange));
      } finally {
        // The handler may have read a newer tier of the user.
        count.note(limits.user, principal, counted);
      }
    });
  }

  function answerVerifiedKey(
    row: KeyRow,
    { request, address, report }: Exchange,
    count: RequestCount,
    key: VerifiedKey<FoundKey>,
  ): Answering {
    const { found, millisecondsLeft } = key;
    report.userId = found.record.userId;
    const answered = (): Answer => {
      const { headers, body } = row.handle(found);
      const caching = ['Cache-Control', cacheControlFor(millisecondsLeft), 'Vary', keyVary];
      return { status: 200, headers: [...caching, ...headers, ...jsonType], body };
    };
    const countAndAnswer = () => {
      const counted = countKeyRequest(request, found, count);
      return counted === undefined ? answered() : counted.then(answered);
    };
    return chargingRefusals(address, countAndAnswer, () => authenticate.isGuard(request));
  }

  /** Answers without waiting if the key is cached and requests are counted in memory. */
  function answerKey(row: KeyRow, exchange: Exchange, count: RequestCount): Answering {
    const key = authenticate.cachedKey(exchange.request);
    if (key !== undefined) return answerVerifiedKey(row, exchange, count, key);
    return authenticate
      .key(exchange, count)
      .then((verified) => answerVerifiedKey(row, exchange, count, verified));
  }

  function answer(row: Row, exchange: Exchange, count: RequestCount): Answering {
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
      const answering = answer(row, exchange, count);
      // An answer that is ready is not awaited. Awaiting each step took a tenth of the processor
      // time of a verification with a cached key.
      result = answering instanceof Promise ? await answering : answering;
    } catch (error) {
      const isOAuth = 'oauthErrors' in row;
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
    if (count.status !== undefined) headers.push(...limitHeaders(count.status, now()));
    return sendAnswer(response, { ...result, headers });
  }

  return async (row, exchange) => {
    const { response, report } = exchange;
    const { path, security } = row;
    report.route = { path, routine: security === 'apiKey' };
    try {
      await respond(row, exchange);
    } catch (error) {
      report.cause = error;
      response.destroy();
    }
  };
}
