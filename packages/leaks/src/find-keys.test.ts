import { isKey, keyLength, makeKey, maskKey } from '@andamio/schema/key-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FoundKey, findKeys } from './find-keys.ts';

async function* chunked(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function keysIn(...chunks: readonly (Buffer | string)[]): Promise<FoundKey[]> {
  const found: FoundKey[] = [];
  for await (const key of findKeys(chunked(chunks.map((chunk) => Buffer.from(chunk))))) found.push(key);
  return found;
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function mistyped(key: string): string {
  return key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21);
}

/** The keys that begin at any character of a text. */
function keysAnywhere(text: string): string[] {
  return Array.from({ length: text.length }, (_, index) => text.slice(index, index + keyLength)).filter(isKey);
}

const key = makeKey();
const masked = maskKey(key);

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('a key is found where it stands', () => {
  test.each<[string, Buffer | string, Omit<FoundKey, 'masked'>]>([
    ['alone', key, { offset: 0, line: 1, column: 1 }],
    ['at the end of a line', `KEY=${key}\n`, { offset: 4, line: 1, column: 5 }],
    ['behind other lines', `a\n\nbc\r\n  "${key}",\n`, { offset: 10, line: 4, column: 4 }],
    ['behind a character of several bytes', `é ${key}`, { offset: 3, line: 1, column: 4 }],
    [
      'between bytes that are no text',
      Buffer.from(`\xff\x00\n\x80${key}\xfe`, 'latin1'),
      { offset: 4, line: 2, column: 2 },
    ],
    ['in UTF-16', utf16le(`\ufeffa\n'${key}'\n`), { offset: 8, line: 2, column: 2 }],
    ['in UTF-16, big end first', utf16be(`\ufeffa\n'${key}'\n`), { offset: 8, line: 2, column: 2 }],
    [
      'in UTF-16 behind characters that hold the byte of a line break',
      utf16le(`上上\n上${key}`),
      { offset: 8, line: 2, column: 2 },
    ],
    [
      'in UTF-16 behind a character that holds the byte of a letter',
      utf16le(`š${key}š`),
      { offset: 2, line: 1, column: 2 },
    ],
    ['and likewise, big end first', utf16be(`š${key}š`), { offset: 2, line: 1, column: 2 }],
    [
      'in UTF-16 at an odd offset of a binary',
      Buffer.concat([Buffer.of(0x59), utf16le(key)]),
      { offset: 1, line: 1, column: 1 },
    ],
  ])('%s', async (_where, bytes, place) => {
    expect(await keysIn(bytes)).toEqual([{ ...place, masked }]);
  });

  test('every time, and each key by itself', async () => {
    const other = makeKey();
    const found = await keysIn(`${key} ${other}\n${key}`);
    expect(found.map(({ line, column, masked }) => [line, column, masked])).toEqual([
      [1, 1, masked],
      [1, 46, maskKey(other)],
      [2, 1, masked],
    ]);
  });
});

describe('what stands around a key hides none', () => {
  test.each([
    ['in an address', `api_key%3D${key}%26`],
    ['in the log of an address', `%22${key}%22`],
    ['in JSON, behind a line break', JSON.stringify(`A=1\n${key}\n`)],
    ['in JSON, behind a tab', JSON.stringify(`\t${key}\t`)],
    ['in JSON as Go writes it', `"KEY\\u003d${key}\\u0026"`],
    ['behind the colour of a terminal', `\x1b[32m${key}\x1b[0m`],
    ['among the strings of a binary, which nothing parts', `unexpected EOF${key}0123456789abcdef`],
    ['behind half a key', `${makeKey().slice(0, -3)}${key}`],
    ['before half a key', `${key}${makeKey().slice(0, -3)}`],
  ])('%s', async (_where, text) => {
    for (const encodeText of [Buffer.from, utf16le, utf16be]) {
      const found = await keysIn(encodeText(text));
      expect(found.map(({ column, masked }) => [column, masked])).toEqual([[text.indexOf(key) + 1, masked]]);
    }
  });

  test('not even a key whose last letter is the first of the next', async () => {
    let first = makeKey();
    while (!first.endsWith('a')) first = makeKey();
    const text = first + key.slice(1);
    for (const encodeText of [Buffer.from, utf16le, utf16be]) {
      const found = await keysIn(encodeText(text));
      expect(found.map(({ column, masked }) => [column, masked])).toEqual([
        [1, maskKey(first)],
        [44, masked],
      ]);
    }
  });
});

describe('what only looks like a key is none', () => {
  test.each<[string, Buffer | string]>([
    ['one that was mistyped', mistyped(key)],
    ['one that was mistyped, in UTF-16', utf16le(mistyped(key))],
    ['half of one', key.slice(0, 30)],
    ['one as it is shown', masked],
    ['nothing', ''],
  ])('%s', async (_what, bytes) => {
    expect(await keysIn(bytes)).toEqual([]);
  });
});

describe('where the bytes are cut makes no difference', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'x', ' ', 'ant-', '"', '上', 'š\n', '\0'),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constant('').map(() => makeKey()),
    fc.constant('').map(() => mistyped(makeKey())),
    fc.nat({ max: 44 }).map((length) => makeKey().slice(0, length)),
  );
  const encode = fc.constantFrom(Buffer.from, utf16le, utf16be);

  test('in any text, in every encoding', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        encode,
        fc.array(fc.nat(), { maxLength: 8 }),
        async (pieces, encodeText, places) => {
          const text = pieces.join('');
          const bytes = encodeText(text);
          const whole = await keysIn(bytes);
          expect(whole.map(({ masked }) => masked)).toEqual(keysAnywhere(text).map(maskKey));
          seen += whole.length;
          expect(await keysIn(...cut(bytes, places))).toEqual(whole);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(seen, 'keys that were cut').toBeGreaterThan(500);
  });

  test.each([
    ['UTF-8', Buffer.from],
    ['UTF-16', utf16le],
  ])('at each single byte in %s, and at all of them', async (_name, encodeText) => {
    const bytes = encodeText(`first line\n${key}\n${mistyped(key)} ${key}`);
    const whole = await keysIn(bytes);
    expect(whole).toHaveLength(2);
    for (let place = 0; place <= bytes.length; place++) expect(await keysIn(...cut(bytes, [place]))).toEqual(whole);
    expect(await keysIn(...cut(bytes, [...bytes.keys()]))).toEqual(whole);
  });
});
