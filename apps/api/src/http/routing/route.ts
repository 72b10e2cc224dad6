import type {
  BearerOperation,
  BearerReadOperation,
  KeyOperation,
  Operation,
  PublicOperation,
  Scope,
} from '@andamio/schema/operations';
import { type RequestHandler, Router } from 'express';
import type * as z from 'zod';
import { bearerToken } from '../../auth/bearer.ts';
import { type Principal, permit } from '../../auth/principal.ts';
import type { VerifyToken } from '../../auth/verify-token.ts';
import type { Owner } from '../../keys/owner.ts';
import type { FoundKey } from '../../keys/store.ts';
import { parseBody, readBody } from '../request/body.ts';
import { idempotencyKeyOf } from '../request/idempotency-key.ts';
import { CredentialsRefusedError, HttpError } from '../response/errors.ts';
import { refuseOtherMethods } from './methods.ts';
import { rememberRoute } from './remember-route.ts';

/** An operation beside the steps that answer it once the request has been let in. */
export interface Route {
  readonly operation: Exclude<Operation, KeyOperation>;
  readonly answer: readonly RequestHandler[];
}

/** An operation that takes a key, beside what it answers once that turned out good. */
export interface KeyRoute {
  readonly operation: KeyOperation;
  readonly describe: (key: FoundKey) => unknown;
}

/** What lets a request in, or not. */
export interface Gates {
  readonly verifyToken: VerifyToken;
  /** After a token turned out good. */
  readonly giveBackAddressLimit: RequestHandler;
  readonly userLimit: RequestHandler;
}

function authorize(permission: Scope): RequestHandler {
  return (_request, { locals }, next) => {
    const owner = permit(locals.principal as Principal, permission);
    if (typeof owner === 'string') throw new HttpError(owner);
    locals.owner = owner;
    next();
  };
}

/** A row for an operation that takes a token and a body: the handler gets an owner who may do this, and a body that fits the schema. */
export function bearerRoute<Body extends z.ZodObject, Answer>(
  operation: BearerOperation<Body>,
  handler: (owner: Owner, body: z.output<Body>, idempotencyKey?: string) => Promise<Answer>,
): Route {
  const answer: RequestHandler = async (request, response) => {
    const body = parseBody(request.body, operation.body.schema);
    const idempotencyKey = operation.repeatable ? idempotencyKeyOf(request) : undefined;
    response.json(await handler(response.locals.owner as Owner, body, idempotencyKey));
  };
  return { operation, answer: [authorize(operation.permission), readBody, answer] };
}

/** A row for an operation that takes a token and nothing else: a body that is sent all the same is not looked at. */
export function bearerReadRoute<Answer>(
  operation: BearerReadOperation,
  handler: (owner: Owner) => Promise<Answer>,
): Route {
  const answer: RequestHandler = async (_request, response) => {
    response.json(await handler(response.locals.owner as Owner));
  };
  return { operation, answer: [authorize(operation.permission), answer] };
}

/** A row for an operation that anybody may call. */
export function publicRoute(operation: PublicOperation, handler: RequestHandler): Route {
  return { operation, answer: [handler] };
}

function authenticate(verifyToken: VerifyToken): RequestHandler {
  return async (request, { locals }, next) => {
    const token = bearerToken(request);
    const principal = token === undefined ? 'no_token' : await verifyToken(token);
    if (typeof principal === 'string') throw new CredentialsRefusedError('unauthenticated', principal);
    locals.principal = principal;
    next();
  };
}

/** The steps before the answer: nothing for a public operation, else the token and the limit of its user. */
function gatesOf(
  { security }: Route['operation'],
  { verifyToken, giveBackAddressLimit, userLimit }: Gates,
): RequestHandler[] {
  switch (security) {
    case 'none':
      return [];
    case 'bearer':
      return [authenticate(verifyToken), giveBackAddressLimit, userLimit];
  }
}

/** Makes a router of the rows. Whatever no row is for is 404, before anybody is asked for a token. */
export function createRouter(rows: readonly Route[], gates: Gates): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const { operation, answer } of rows) {
    const { method, path } = operation;
    router[method](path, rememberRoute(path), ...gatesOf(operation, gates), ...answer);
  }
  for (const path of new Set(rows.map(({ operation }) => operation.path))) {
    router.all(
      path,
      refuseOtherMethods(
        rows.filter(({ operation }) => operation.path === path).map(({ operation }) => operation.method),
      ),
    );
  }
  router.use(() => {
    throw new HttpError('not_found');
  });
  return router;
}
