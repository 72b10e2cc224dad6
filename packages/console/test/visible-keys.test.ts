import { describe, expect, test } from 'vitest';
import {
  canExtend,
  type Key,
  keysOf,
  lastUsedAt,
  matches,
  stateOf,
  visibleKeys,
  wasNeverUsed,
  wasUsedWithin,
} from '../src/account/visible-keys.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const day = 86_400_000;
const at = (days: number) => new Date(now + days * day).toISOString();

const key = (name: string, change: Partial<Key> = {}): Key => ({
  id: name,
  name,
  start: 'ant-Ab12',
  state: 'active',
  created_at: at(-10),
  expires_at: at(80),
  previous_expires_at: null,
  last_used_at: null,
  requests_30d: 0,
  previous: undefined,
  ...change,
});

test('a previous secret belongs to the key of its name and is no key of its own', () => {
  const { previous: _, ...current } = key('CI');
  const previous = { ...current, id: 'old', state: 'previous' as const };
  expect(keysOf([previous, current])).toEqual([{ ...current, previous }]);
});

describe('the state of a key', () => {
  test.each([
    [8, 'active'],
    [7, 'expiring'],
    [0.1, 'expiring'],
    [0, 'expired'],
    [-1, 'expired'],
  ])('%d days before its expiry is %s', (days, state) => {
    expect(stateOf(key('CI', { expires_at: at(days) }), now)).toBe(state);
  });

  test.each(['expiring', 'expired'] as const)(
    'a key that the service lists as %s is no less urgent, whatever the time is',
    (state) => {
      expect(stateOf(key('CI', { state, expires_at: at(9) }), now)).toBe(state);
      expect(canExtend(key('CI', { state, expires_at: at(9) }), now)).toBe(true);
    },
  );

  test('a key with a valid previous secret is being replaced', () => {
    expect(stateOf(key('CI', { previous: key('CI') }), now)).toBe('replaced');
  });
});

test('a key can be extended from a day before its expiry', () => {
  expect(canExtend(key('CI', { expires_at: at(1.01) }), now)).toBe(false);
  expect(canExtend(key('CI', { expires_at: at(1) }), now)).toBe(true);
  expect(canExtend(key('CI', { expires_at: at(-5) }), now)).toBe(true);
});

test('a key counts as never used in 90 days only if it is that old', () => {
  expect(matches(key('new', { created_at: at(-89) }), 'unused', now)).toBe(false);
  expect(matches(key('old', { created_at: at(-90) }), 'unused', now)).toBe(true);
  expect(matches(key('used', { created_at: at(-90), last_used_at: at(-80) }), 'unused', now)).toBe(
    false,
  );
});

test('a use of the previous secret is a use of the key', () => {
  const used = key('used', {
    created_at: at(-100),
    previous: key('used', { last_used_at: at(-0.5) }),
  });
  expect(lastUsedAt(used)).toBe(at(-0.5));
  expect(lastUsedAt({ ...used, last_used_at: at(-0.1) })).toBe(at(-0.1));
  expect(wasUsedWithin(used, 24, now)).toBe(true);
  expect(wasNeverUsed(used)).toBe(false);
  expect(matches(used, 'unused', now)).toBe(false);
  const other = key('other', { last_used_at: at(-1) });
  const sorted = visibleKeys([other, used], { query: '', filter: 'all', order: 'lastUsed' }, now);
  expect(sorted.map(({ name }) => name)).toEqual(['used', 'other']);
});

test('a key with requests was used, although no request with its current secret is known', () => {
  const replaced = key('replaced', { created_at: at(-100), requests_30d: 3 });
  expect(lastUsedAt(replaced)).toBeNull();
  expect(wasNeverUsed(replaced)).toBe(false);
  expect(matches(replaced, 'unused', now)).toBe(false);
});

test('keys that need attention come first, then the newest', () => {
  const keys = [
    key('old', { created_at: at(-20) }),
    key('new', { created_at: at(-1) }),
    key('expired', { expires_at: at(-1) }),
    key('ending', { expires_at: at(2) }),
  ];
  const names = visibleKeys(keys, { query: '', filter: 'all', order: 'attention' }, now);
  expect(names.map(({ name }) => name)).toEqual(['ending', 'expired', 'new', 'old']);
});

test('a search finds a part of the name, or the first characters of the key', () => {
  const keys = [key('CI on main', { start: 'ant-Zz99' }), key('Server')];
  const found = (query: string) =>
    visibleKeys(keys, { query, filter: 'all', order: 'name' }, now).map(({ name }) => name);
  expect(found(' MAIN ')).toEqual(['CI on main']);
  expect(found('ant-zz')).toEqual(['CI on main']);
  expect(found('z99')).toEqual([]);
});
