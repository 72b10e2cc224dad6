import type { Tier } from '@andamio/schema/tiers';
import express, { type Request, type RequestHandler } from 'express';
import type { Store } from 'express-rate-limit';
import type { FastifyRequest } from 'fastify';
import { Hono } from 'hono';
import { expectTypeOf, test } from 'vitest';
import type {} from '../src/fastify.ts';
import * as hono from '../src/hono.ts';
import {
  type ApiKey,
  type ApiKeyGuard,
  type ApiKeyGuardOptions,
  apiKeyGuard,
  type RateLimitStore,
} from '../src/index.ts';

// The compiler checks these assertions during `typecheck`. At runtime they have no effect.

test('req.apiKey has the documented type', () => {
  expectTypeOf<Request['apiKey']>().toEqualTypeOf<ApiKey>();
  expectTypeOf<ApiKey>().toEqualTypeOf<{
    readonly userId: string;
    readonly name: string;
    readonly tier: Tier;
    readonly expiresAt: Date;
  }>();
});

test('a guard is Express middleware', () => {
  expectTypeOf<ApiKeyGuard>().toExtend<RequestHandler>();
  expectTypeOf(apiKeyGuard).parameter(0).toEqualTypeOf<ApiKeyGuardOptions>();
  expectTypeOf<ApiKeyGuard['close']>().returns.toEqualTypeOf<Promise<void>>();
});

test("a guard in a route keeps the types of the route's parameters", () => {
  const guard = apiKeyGuard({ verify });
  express().get('/orders/:id', guard, (request) => {
    expectTypeOf(request.params.id).toEqualTypeOf<string>();
    expectTypeOf(request.apiKey).toEqualTypeOf<ApiKey>();
  });
});

const verify = 'https://host';
const firestore = { project: 'project' };
const digestKeys = 'a:...';

export const right: readonly ApiKeyGuardOptions[] = [
  { verify },
  { verify: new URL(verify), timeoutMs: 1_000, onError: (error) => error.message },
  { firestore, digestKeys },
  { firestore: { ...firestore, database: 'database' }, digestKeys, cacheSeconds: 1, verify },
];

export const wrong: readonly ApiKeyGuardOptions[] = [
  // @ts-expect-error Either verify or firestore is required.
  {},
  // @ts-expect-error firestore requires digestKeys.
  { firestore },
  // @ts-expect-error firestore requires digestKeys, also with verify.
  { firestore, verify },
  // @ts-expect-error digestKeys is only for Firestore.
  { verify, digestKeys },
  // @ts-expect-error cacheSeconds is only for Firestore; by HTTP the service decides.
  { verify, cacheSeconds: 1 },
  // @ts-expect-error rateLimitStore is only for Firestore.
  { verify, rateLimitStore: { increment: () => ({ totalHits: 1, resetTime: undefined }) } },
  // @ts-expect-error A database requires a project.
  { firestore: { database: 'database' }, digestKeys },
];

test('any store of express-rate-limit is a RateLimitStore', () => {
  expectTypeOf<Store>().toExtend<RateLimitStore>();
});

test('handlers of Hono know the key, chained or by the type of the environment', () => {
  const guard = hono.apiKeyGuard({ verify, clientAddress: () => '192.0.2.1' });
  new Hono().use(guard).get('/', (c) => {
    expectTypeOf(c.get('apiKey')).toEqualTypeOf<ApiKey>();
    return c.body(null);
  });
  new Hono<hono.ApiKeyEnv>().get('/', (c) => {
    expectTypeOf(c.var.apiKey).toEqualTypeOf<ApiKey>();
    return c.body(null);
  });
});

test('requests of Fastify have the key', () => {
  expectTypeOf<FastifyRequest['apiKey']>().toEqualTypeOf<ApiKey>();
});
