import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimReader } from '../../src/auth/claim-path.ts';

/** The payload of RFC 6901 section 5, without the empty pointer, which the settings reject. */
const example = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

const pointerOf = (path: readonly (string | number)[]) =>
  path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Returns the path and value of every member in a JSON value, at any depth. */
function membersOf(value: unknown, path: string[] = []): { path: string[]; value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    { path: [...path, name], value: member },
    ...membersOf(member, [...path, name]),
  ]);
}

const payload = fc
  .dictionary(fc.string(), fc.jsonValue())
  // Parsed from JSON, as a token's payload is, so that `__proto__` is a member.
  .map((object) => JSON.parse(JSON.stringify(object)) as object);

describe('the claim that a setting names', () => {
  test.each<[string, unknown]>([
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('is found by the JSON Pointer %j as RFC 6901 says', (pointer, value) => {
    expect(claimReader(pointer)(example)).toEqual(value);
  });

  test.each([
    '/foo/length',
    '/foo/2',
    '/foo/01',
    '/foo/-',
    '/foo/-1',
    '/foo/0/0',
    '/constructor',
    '/constructor/name',
    '/__proto__',
    '/foo/__proto__/length',
    'toString',
    'a~1b',
  ])('is absent for %j', (name) => {
    expect(claimReader(name)(example)).toBeUndefined();
  });

  test('is read from members called __proto__ and ~01 as from others', () => {
    const parsed = JSON.parse('{"__proto__":{"tier":"growth"},"~1":1}') as object;
    expect(claimReader('/__proto__/tier')(parsed)).toBe('growth');
    expect(claimReader('/~01')(parsed)).toBe(1);
  });

  test('has the value at the path that its JSON Pointer spells', () => {
    fc.assert(
      fc.property(payload, (object) => {
        for (const { path, value } of membersOf(object))
          expect(claimReader(pointerOf(path))(object)).toEqual(value);
      }),
    );
  });

  test('has the value of the member with its literal name', () => {
    fc.assert(
      fc.property(payload, (object) => {
        for (const [name, value] of Object.entries(object))
          if (!name.startsWith('/')) expect(claimReader(name)(object)).toEqual(value);
      }),
    );
  });

  test('is absent for any path that leads to no member', () => {
    fc.assert(
      fc.property(payload, fc.array(fc.string(), { minLength: 1 }), (object, path) => {
        const known = membersOf(object).map((member) => pointerOf(member.path));
        const pointer = pointerOf(path);
        if (!known.includes(pointer)) expect(claimReader(pointer)(object)).toBeUndefined();
      }),
    );
  });
});
