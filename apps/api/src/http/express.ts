import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import helmet from 'helmet';
import {
  forbidCaching,
  limitedByAddress,
  refuseOtherMethods,
  refuseUnclearHost,
  refuseUnknownPaths,
  sendErrors,
  sendRequestId,
  shareWithOrigins,
} from './express-steps.ts';
import type { Limit } from './limits/limit.ts';
import { methodsByPath, type Row } from './operations/row.ts';
import type { Pipeline } from './pipeline.ts';
import type { CrossOrigin } from './response/cross-origin.ts';
import type { AnswerError } from './response/errors.ts';

export interface ExpressDependencies {
  readonly rows: readonly Row[];
  readonly pipeline: Pipeline;
  readonly crossOrigin: CrossOrigin;
  readonly addressLimit: Limit<string>;
  readonly answerError: AnswerError;
  /** The router of the health checks, to which no limit applies. */
  readonly health: RequestHandler;
  /** The routers of the pages and, if it is enabled, the webhook. */
  readonly routers: readonly RequestHandler[];
}

/**
 * Routes requests to the operations that take no API key. Requests to the other operations do not
 * get here: `findRow` recognizes them, whatever follows the path of the operation.
 */
function operationRouter(rows: readonly Row[], pipeline: Pipeline): Router {
  const router = Router({ caseSensitive: true, strict: true });
  // OPTIONS is refused like any other method that an operation lacks. Otherwise, Express would
  // answer it.
  router.use(({ method }, _response, next) => next(method === 'OPTIONS' ? 'router' : undefined));
  for (const row of rows.filter(({ security }) => security !== 'apiKey')) {
    router[row.method](row.path, (_request, { locals }) => pipeline(row, locals.exchange));
  }
  return router;
}

/** Answers unsupported methods of an operation's path with 405, and unknown paths with 404. */
function refusingRouter(rows: readonly Row[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [path, methods] of methodsByPath(rows)) router.all(path, refuseOtherMethods(methods));
  router.use(refuseUnknownPaths);
  return router;
}

/**
 * Creates the Express application, an adapter around the pipeline. It handles the requests that
 * `findRow` does not recognize: requests to an operation whose path is spelled differently than in
 * the table, and requests to paths that are not operations.
 *
 * @returns a request listener, which requires that `locals.exchange` is set on each response.
 */
export function createExpress(
  dependencies: ExpressDependencies,
): (request: IncomingMessage, response: ServerResponse & { locals: Express.Locals }) => void {
  const { rows, pipeline, crossOrigin, addressLimit, answerError, health, routers } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // Responses are not cacheable, so there is nothing to revalidate.
  // Express would answer `If-None-Match: *` with 304 even without an ETag.
  Object.defineProperty(app.request, 'fresh', { value: false });
  app.use(
    operationRouter(rows, pipeline),
    sendRequestId,
    helmet(),
    forbidCaching,
    refuseUnclearHost,
    shareWithOrigins(crossOrigin),
    health,
    ...limitedByAddress(addressLimit),
    ...routers,
    refusingRouter(rows),
    sendErrors(answerError),
  );
  return (request, response) =>
    app(request as Request, response as Response, () => {
      response.destroy(); // The response failed while it was sent.
    });
}
