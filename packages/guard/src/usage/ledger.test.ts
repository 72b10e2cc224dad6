import { expect, test } from 'vitest';
import { unavailableAnswer } from '../key-source.ts';
import { Ledger } from './ledger.ts';

test('splits usage beyond the largest report into several reports', () => {
  const ledger = new Ledger();
  ledger.of('key').unreported = 1_000_001;
  expect([ledger.take('key'), ledger.take('key'), ledger.take('key')]).toEqual([1_000_000, 1, 0]);
});

test('keeps unreported usage of at most 100,000 keys', () => {
  const ledger = new Ledger();
  for (let index = 0; index < 100_001; index++) ledger.of(`key ${index}`).unreported = 1;
  expect(ledger.due(0)).toHaveLength(100_000);
});

test('forgets keys whose usage was reported and keeps the others', () => {
  const ledger = new Ledger();
  ledger.of('in use');
  ledger.of('reported');
  ledger.of('unreported').unreported = 1;
  ledger.forget((key) => key === 'in use');
  ledger.of('in use').unreported = 1;
  ledger.settle('reported', 1, unavailableAnswer('down'), 0);
  expect(ledger.due(0)).toEqual(['in use', 'unreported']);
});
