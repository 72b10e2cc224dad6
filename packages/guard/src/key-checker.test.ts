import { makeKey } from '@andamio/schema/key-format';
import { expect, onTestFinished, test } from 'vitest';
import { client, good } from '../test/harness/controlled-ask.ts';
import { KeyChecker } from './key-checker.ts';
import { limitHere } from './limits/limit.ts';
import { invalidKey } from './refusal.ts';
import type { Answer } from './source.ts';
import { Ledger } from './usage/ledger.ts';

test('a deletion that a report hears of counts at once, although what was known is still fresh', async () => {
  let answer: Answer = good();
  const source = { counts: true, ask: async () => answer };
  const checker = new KeyChecker({ source, limit: limitHere, ledger: new Ledger(), now: () => 5_000 });
  onTestFinished(() => checker.stop());
  const key = makeKey();
  await checker.check(key, client);
  expect(checker.check(key, client)).toMatchObject({ name: 'MyFirstKey' });

  answer = { kind: 'refused', refusal: invalidKey };
  await checker.report(key);
  expect(checker.check(key, client)).toBe(invalidKey);
});
