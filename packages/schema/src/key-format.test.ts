import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createContext, runInContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKey, keyStart, leakedKeyPattern, makeKey, maskKey } from './key-format.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The checksum again, by another's CRC-32 and other arithmetic. */
function checksumOf(body: string): string {
  let rest = BigInt(crc32(body));
  const digits = Array.from({ length: 6 }, () => {
    const digit = alphabet[Number(rest % 62n)];
    rest /= 62n;
    return digit;
  });
  return digits.reverse().join('');
}

describe('the form of a key', () => {
  test('is ant-, 34 base62 characters and the CRC-32 of all that as 6 base62 digits', () => {
    for (let round = 0; round < 1000; round++) {
      const key = makeKey();
      expect(key).toMatch(/^ant-[0-9A-Za-z]{40}$/);
      expect(key.slice(-6)).toBe(checksumOf(key.slice(0, -6)));
      expect(isKey(key)).toBe(true);
    }
  });

  test('a known key is one: the checksum is padded with 0 and begins with the most significant digit', () => {
    const body = `ant-${'0'.repeat(34)}`;
    expect(isKey(body + checksumOf(body))).toBe(true);
    const small = Array.from({ length: 5000 }, (_, n) => `ant-${String(n).padStart(34, '0')}`).find(
      (text) => crc32(text) < 62 ** 5,
    );
    expect(small).toBeDefined();
    expect(isKey(`${small}${checksumOf(small as string)}`)).toBe(true);
    expect(checksumOf(small as string)).toMatch(/^0/);
  });

  test('any single character that is mistyped shows', () => {
    const key = makeKey();
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom(...alphabet, '-', ' '), (index, character) => {
        fc.pre(key[index] !== character);
        expect(isKey(key.slice(0, index) + character + key.slice(index + 1))).toBe(false);
      }),
      { numRuns: 2000 },
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
  ])('%j is none', (text) => expect(isKey(text)).toBe(false));

  test('every character is as likely as every other', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 4000; round++) {
      for (const character of makeKey().slice(4, 38)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (4000 * 34) / 62;
    expect(counts.size).toBe(62);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare, '61 degrees of freedom; 130 is passed once in a million').toBeLessThan(130);
  });

  test('bytes that would favour some characters are thrown away', () => {
    let calls = 0;
    const key = makeKey((length) => new Uint8Array(length).fill(calls++ === 0 ? 255 : 61));
    expect(key.slice(4, 38)).toBe('z'.repeat(34));
  });

  test('is masked after its first eight characters, at its full length', () => {
    const key = makeKey();
    expect(maskKey(keyStart(key))).toBe(`${key.slice(0, 8)}${'x'.repeat(36)}`);
    expect(maskKey(key), 'also where somebody passes the whole key').toBe(`${key.slice(0, 8)}${'x'.repeat(36)}`);
  });

  test('is found within text, and only whole', () => {
    const [first, second] = [makeKey(), makeKey()];
    const text = `API_KEY="${first}"\nurl?key=${second}&x ${first}x x${second} ant-short`;
    expect(text.match(leakedKeyPattern())).toEqual([first, second]);
  });

  test('needs nothing but Web Crypto, so that a browser can use it', () => {
    const source = readFileSync(new URL('./key-format.ts', import.meta.url), 'utf8');
    const script = stripTypeScriptTypes(source).replaceAll(/^export /gm, '');
    const context = createContext({ crypto: globalThis.crypto });
    expect(isKey(runInContext(`${script}; makeKey()`, context))).toBe(true);
  });
});
