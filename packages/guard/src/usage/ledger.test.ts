import { expect, test } from 'vitest';
import { notAnswered } from '../source.ts';
import { Ledger } from './ledger.ts';

test('one report says no more than the service takes, and the rest is told next', () => {
  const ledger = new Ledger();
  ledger.of('id', 'key').untold = 1_000_001;
  expect([ledger.take('id'), ledger.take('id'), ledger.take('id')]).toEqual([1_000_000, 1, 0]);
});

test('keys that come while 100,000 wait for the service are not counted', () => {
  const ledger = new Ledger();
  for (let index = 0; index < 100_001; index++) ledger.of(`id ${index}`, 'key').untold = 1;
  expect(ledger.due(0)).toHaveLength(100_000);
});

test('what is told is forgotten with its key, and what is not told is kept', () => {
  const ledger = new Ledger();
  ledger.of('in use', 'key');
  ledger.of('told', 'key');
  ledger.of('untold', 'key').untold = 1;
  ledger.forget((id) => id === 'in use');
  ledger.of('in use', 'key').untold = 1;
  ledger.settle('told', 1, notAnswered('down'), 0);
  expect(ledger.due(0).map(({ id }) => id)).toEqual(['in use', 'untold']);
});
