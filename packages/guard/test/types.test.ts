import type { Tier } from '@andamio/schema/tiers';
import type { Request, RequestHandler } from 'express';
import type { Store } from 'express-rate-limit';
import { expectTypeOf, test } from 'vitest';
import {
  type ApiKey,
  type ApiKeyGuard,
  type ApiKeyGuardOptions,
  apiKeyGuard,
  type RateLimitStore,
} from '../src/index.ts';

// What stands here is proven by the compiler (`typecheck`); that the file runs proves nothing more.

test('a request has the key that it came with', () => {
  expectTypeOf<Request['apiKey']>().toEqualTypeOf<ApiKey>();
  expectTypeOf<ApiKey>().toEqualTypeOf<{
    readonly userId: string;
    readonly name: string;
    readonly tier: Tier;
    readonly expiresAt: Date;
  }>();
});

test('a guard is middleware', () => {
  expectTypeOf<ApiKeyGuard>().toExtend<RequestHandler>();
  expectTypeOf(apiKeyGuard).parameter(0).toEqualTypeOf<ApiKeyGuardOptions>();
  expectTypeOf<ApiKeyGuard['close']>().returns.toEqualTypeOf<Promise<void>>();
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
  // @ts-expect-error Neither way is chosen.
  {},
  // @ts-expect-error Firestore is of no use without digest keys.
  { firestore },
  // @ts-expect-error Beside the service as well.
  { firestore, verify },
  // @ts-expect-error Digest keys are for Firestore alone,
  { verify, digestKeys },
  // @ts-expect-error as is how long an answer is kept: the service says that,
  { verify, cacheSeconds: 1 },
  // @ts-expect-error and where the limits are counted.
  { verify, rateLimitStore: { increment: () => ({ totalHits: 1, resetTime: undefined }) } },
  // @ts-expect-error A database belongs to a project.
  { firestore: { database: 'database' }, digestKeys },
];

test('any store of express-rate-limit counts the limits', () => {
  expectTypeOf<Store>().toExtend<RateLimitStore>();
});
