import { makeKey } from '@andamio/schema/key-format';
import { expect, onTestFinished, test } from 'vitest';
import { client, valid } from '../test/harness/controlled-ask.ts';
import { KeyChecker } from './key-checker.ts';
import type { Answer } from './key-source.ts';
import { limitInMemory } from './limits/limit.ts';
import { invalidKey } from './refusal.ts';
import { Ledger } from './usage/ledger.ts';

test('refuses a key at once when a report finds it deleted, although its cached answer is still fresh', async () => {
  let answer: Answer = valid();
  const source = { countsRequests: true, ask: async () => answer };
  const checker = new KeyChecker({
    source,
    limit: limitInMemory,
    ledger: new Ledger(),
    now: () => 5_000,
  });
  onTestFinished(() => checker.stop());
  const key = makeKey();
  await checker.check(key, client);
  expect(checker.check(key, client)).toMatchObject({ name: 'MyFirstKey' });

  answer = { kind: 'refused', refusal: invalidKey };
  await checker.report(key);
  expect(checker.check(key, client)).toBe(invalidKey);
});
