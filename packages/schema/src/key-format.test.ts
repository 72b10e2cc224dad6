import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createContext, runInContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKey, keyStart, keysInText, makeKey, maskKey } from './key-format.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Computes the checksum independently of the tested code, with zlib's CRC-32 and BigInt arithmetic.
 */
function checksumOf(body: string): string {
  let rest = BigInt(crc32(body));
  const digits = Array.from({ length: 6 }, () => {
    const digit = alphabet[Number(rest % 62n)];
    rest /= 62n;
    return digit;
  });
  return digits.reverse().join('');
}

describe('the key format', () => {
  test('a key is ant-, 34 base62 characters and the CRC-32 of both as 6 base62 digits', () => {
    for (let round = 0; round < 1000; round++) {
      const key = makeKey();
      expect(key).toMatch(/^ant-[0-9A-Za-z]{40}$/);
      expect(key.slice(-6)).toBe(checksumOf(key.slice(0, -6)));
      expect(isKey(key)).toBe(true);
    }
  });

  test.each([
    'ant-00000000000000000000000000000000001rx2J0',
    'ant-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz3WAEIW',
    'ant-0123456789ABCDEFGHIJKLMNOPQRSTUVWX1fsOBG',
    'ant-AbCdEfGhIjKlMnOpQrStUvWxYz012345670J2Kwd',
    'ant-0000000000000000000000000000007147000iwN', // A small checksum, padded with zeros.
  ])("accepts %s, whose checksum was computed by Python's zlib", (key) => {
    expect(isKey(key)).toBe(true);
    expect(key.slice(-6)).toBe(checksumOf(key.slice(0, -6)));
  });

  test('detects every key with one mistyped character', () => {
    const key = makeKey();
    const mistyped = [...key].flatMap((right, index) =>
      [...`${alphabet}- `]
        .filter((wrong) => wrong !== right)
        .map((wrong) => key.slice(0, index) + wrong + key.slice(index + 1)),
    );
    expect(mistyped).toHaveLength(44 * 63);
    expect(mistyped.filter(isKey)).toEqual([]);
  });

  test('detects every key with two adjacent characters swapped before the checksum', () => {
    const key = makeKey();
    for (let index = 0; index < 37; index++) {
      const [first, second] = [key[index], key[index + 1]];
      const swapped = `${key.slice(0, index)}${second}${first}${key.slice(index + 2)}`;
      expect(isKey(swapped), swapped).toBe(first === second);
    }
  });

  test('rejects random text with the length and alphabet of a key', () => {
    const random = fc.string({ unit: fc.constantFrom(...alphabet), minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(random, (text) => !isKey(`ant-${text}`)),
      { numRuns: 5_000 },
    );
  });

  test.each([
    '',
    'ant-',
    'x',
    `ANT-${'0'.repeat(40)}`,
    `ant-${'0'.repeat(40)}`,
    ` ${makeKey()}`,
    `${makeKey()}\n`,
    makeKey().slice(0, -1),
    `${makeKey()}0`,
    `${makeKey()}${makeKey()}`,
    `ant_${'0'.repeat(34)}1rx2J0`,
    `ant-${'０'.repeat(40)}`,
  ])('rejects %j', (text) => expect(isKey(text)).toBe(false));

  test('generates all characters with equal probability', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 4000; round++) {
      for (const character of makeKey().slice(4, 38))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (4000 * 34) / 62;
    expect(counts.size).toBe(62);
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    expect(chiSquare, '61 degrees of freedom: exceeds 130 once in a million runs').toBeLessThan(
      130,
    );
  });

  test('generated keys are unique, and their first 8 characters collide no more than by chance', () => {
    const keys = Array.from({ length: 10_000 }, () => makeKey());
    expect(new Set(keys).size).toBe(keys.length);
    // There are 62^4 possible values, so about 3.4 collisions are expected among 10,000 keys.
    expect(new Set(keys.map(keyStart)).size).toBeGreaterThan(keys.length - 30);
  });

  test('discards random bytes that would make some characters more likely', () => {
    let calls = 0;
    const key = makeKey((length) => new Uint8Array(length).fill(calls++ === 0 ? 255 : 61));
    expect(key.slice(4, 38)).toBe('z'.repeat(34));
  });

  test('masks a key after its first 8 characters and keeps its length', () => {
    const key = makeKey();
    expect(maskKey(keyStart(key))).toBe(`${key.slice(0, 8)}${'x'.repeat(36)}`);
    expect(maskKey(key), 'also given the whole key').toBe(`${key.slice(0, 8)}${'x'.repeat(36)}`);
  });

  test('finds whole keys in text', () => {
    const [first, second] = [makeKey(), makeKey()];
    const text = `API_KEY="${first}"\nurl?key=${second}&x ant-short`;
    expect([...keysInText(text)]).toEqual(
      [first, second].map((key) => ({ key, index: text.indexOf(key) })),
    );
  });

  test.each([
    ['%3D', '%26'],
    ['%22', '%22'],
    ['\\n', '\\n'],
    ['\\t', '\\t'],
    ['\\u003d', '\\u0026'],
    ['x', 'x'],
    ['0', '0'],
  ])('finds a key between %j and %j', (before, behind) => {
    const [first, second] = [makeKey(), makeKey()];
    const text = `a${before}${first}${behind}${second}${behind}`;
    expect([...keysInText(text)]).toEqual(
      [first, second].map((key) => ({ key, index: text.indexOf(key) })),
    );
  });

  test('runs with Web Crypto alone, as in a browser', () => {
    const source = readFileSync(new URL('./key-format.ts', import.meta.url), 'utf8');
    const script = stripTypeScriptTypes(source).replaceAll(/^export /gm, '');
    const context = createContext({ crypto: globalThis.crypto });
    expect(isKey(runInContext(`${script}; makeKey()`, context))).toBe(true);
    expect(runInContext(`isKey('ant-00000000000000000000000000000000001rx2J0')`, context)).toBe(
      true,
    );
  });
});
