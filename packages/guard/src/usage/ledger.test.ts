import { expect, test } from 'vitest';
import { notAnswered } from '../source.ts';
import { Ledger } from './ledger.ts';

test('one report says no more than the service takes, and the rest is told next', () => {
  const ledger = new Ledger();
  ledger.of('key').untold = 1_000_001;
  expect([ledger.take('key'), ledger.take('key'), ledger.take('key')]).toEqual([1_000_000, 1, 0]);
});

test('keys that come while 100,000 wait for the service are not counted', () => {
  const ledger = new Ledger();
  for (let index = 0; index < 100_001; index++) ledger.of(`key ${index}`).untold = 1;
  expect(ledger.due(0)).toHaveLength(100_000);
});

test('what is told is forgotten with its key, and what is not told is kept', () => {
  const ledger = new Ledger();
  ledger.of('in use');
  ledger.of('told');
  ledger.of('untold').untold = 1;
  ledger.forget((key) => key === 'in use');
  ledger.of('in use').untold = 1;
  ledger.settle('told', 1, notAnswered('down'), 0);
  expect(ledger.due(0)).toEqual(['in use', 'untold']);
});
