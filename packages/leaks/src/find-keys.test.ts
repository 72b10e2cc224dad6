import { isKey, keyLength, makeKey, maskKey } from '@andamio/schema/key-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FoundKey, findKeys } from './find-keys.ts';

async function* chunked(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function keysIn(...chunks: readonly (Buffer | string)[]): Promise<FoundKey[]> {
  const found: FoundKey[] = [];
  for await (const key of findKeys(chunked(chunks.map((chunk) => Buffer.from(chunk)))))
    found.push(key);
  return found;
}

/** Splits bytes at the given offsets. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function mistyped(key: string): string {
  return key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21);
}

/** Returns the keys in a text. Checks every offset, independently of the tested code. */
function keysAnywhere(text: string): string[] {
  return Array.from({ length: text.length }, (_, index) =>
    text.slice(index, index + keyLength),
  ).filter(isKey);
}

const key = makeKey();
const masked = maskKey(key);

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('location of a key', () => {
  test.each<[string, Buffer | string, Omit<FoundKey, 'key'>]>([
    ['alone', key, { offset: 0, line: 1, column: 1 }],
    ['at the end of a line', `KEY=${key}\n`, { offset: 4, line: 1, column: 5 }],
    ['after other lines', `a\n\nbc\r\n  "${key}",\n`, { offset: 10, line: 4, column: 4 }],
    ['after a multi-byte character', `é ${key}`, { offset: 3, line: 1, column: 4 }],
    [
      'between binary data',
      Buffer.from(`\xff\x00\n\x80${key}\xfe`, 'latin1'),
      { offset: 4, line: 2, column: 2 },
    ],
    ['in UTF-16', utf16le(`\ufeffa\n'${key}'\n`), { offset: 8, line: 2, column: 2 }],
    ['in big-endian UTF-16', utf16be(`\ufeffa\n'${key}'\n`), { offset: 8, line: 2, column: 2 }],
    [
      'in UTF-16 after characters that contain the byte of a line break',
      utf16le(`上上\n上${key}`),
      { offset: 8, line: 2, column: 2 },
    ],
    [
      'in UTF-16 after a character that contains the byte of a letter',
      utf16le(`š${key}š`),
      { offset: 2, line: 1, column: 2 },
    ],
    [
      'in big-endian UTF-16 after such a character',
      utf16be(`š${key}š`),
      { offset: 2, line: 1, column: 2 },
    ],
    [
      'in UTF-16 at an odd offset of a binary',
      Buffer.concat([Buffer.of(0x59), utf16le(key)]),
      { offset: 1, line: 1, column: 1 },
    ],
    [
      'in big-endian UTF-16 at an odd offset of a binary',
      Buffer.concat([Buffer.of(0x59), utf16be(key)]),
      { offset: 1, line: 1, column: 1 },
    ],
    [
      'in big-endian UTF-16 at an odd offset, before a line break that is one byte',
      Buffer.concat([Buffer.of(0x59), utf16be(`\n\n ${key}`), Buffer.from('\n')]),
      { offset: 7, line: 3, column: 2 },
    ],
  ])('locates a key %s', async (_where, bytes, place) => {
    expect(await keysIn(bytes)).toEqual([{ ...place, key }]);
  });

  test('finds each occurrence of each key', async () => {
    const other = makeKey();
    const found = await keysIn(`${key} ${other}\n${key}`);
    expect(found.map(({ line, column, key: found }) => [line, column, found])).toEqual([
      [1, 1, key],
      [1, 46, other],
      [2, 1, key],
    ]);
  });
});

describe('text around a key', () => {
  test.each([
    ['in a URL', `api_key%3D${key}%26`],
    ['in a logged URL', `%22${key}%22`],
    ['in JSON, after a line break', JSON.stringify(`A=1\n${key}\n`)],
    ['in JSON, after a tab', JSON.stringify(`\t${key}\t`)],
    ['in JSON escaped by Go', `"KEY\\u003d${key}\\u0026"`],
    ['after a terminal color code', `\x1b[32m${key}\x1b[0m`],
    ['among unseparated strings of a binary', `unexpected EOF${key}0123456789abcdef`],
    ['after a partial key', `${makeKey().slice(0, -3)}${key}`],
    ['before a partial key', `${key}${makeKey().slice(0, -3)}`],
  ])('finds a key %s', async (_where, text) => {
    for (const encodeText of [Buffer.from, utf16le, utf16be]) {
      const found = await keysIn(encodeText(text));
      expect(found.map(({ column, key: found }) => [column, found])).toEqual([
        [text.indexOf(key) + 1, key],
      ]);
    }
  });

  test('finds two keys that share one letter', async () => {
    let first = makeKey();
    while (!first.endsWith('a')) first = makeKey();
    const text = first + key.slice(1);
    for (const encodeText of [Buffer.from, utf16le, utf16be]) {
      const found = await keysIn(encodeText(text));
      expect(found.map(({ column, key: found }) => [column, found])).toEqual([
        [1, first],
        [44, key],
      ]);
    }
  });
});

describe('text similar to a key', () => {
  test.each<[string, Buffer | string]>([
    ['a mistyped key', mistyped(key)],
    ['a mistyped key in UTF-16', utf16le(mistyped(key))],
    ['a partial key', key.slice(0, 30)],
    ['a masked key', masked],
    ['empty input', ''],
  ])('ignores %s', async (_what, bytes) => {
    expect(await keysIn(bytes)).toEqual([]);
  });
});

describe('chunk boundaries', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'x', ' ', 'ant-', '"', '上', 'š\n', '\0'),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constant('').map(() => makeKey()),
    fc.constant('').map(() => mistyped(makeKey())),
    fc.nat({ max: 44 }).map((length) => makeKey().slice(0, length)),
  );
  const encode = fc.constantFrom(Buffer.from, utf16le, utf16be);

  test('chunk boundaries do not affect the result, for any text and encoding', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        encode,
        fc.constantFrom('', '\n', 'x', '\0'),
        fc.constantFrom('', '\n', 'x', '\0'),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (pieces, encodeText, before, after, places) => {
          const text = pieces.join('');
          const bytes = Buffer.concat([Buffer.from(before), encodeText(text), Buffer.from(after)]);
          const whole = await keysIn(bytes);
          expect(whole.map(({ key: found }) => found)).toEqual(keysAnywhere(text));
          seen += whole.length;
          expect(await keysIn(...cut(bytes, places))).toEqual(whole);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(seen, 'number of keys in split input').toBeGreaterThan(500);
  });

  test.each([
    ['UTF-8', Buffer.from],
    ['UTF-16', utf16le],
  ])(
    'a chunk boundary at any byte offset in %s does not affect the result',
    async (_name, encodeText) => {
      const bytes = encodeText(`first line\n${key}\n${mistyped(key)} ${key}`);
      const whole = await keysIn(bytes);
      expect(whole).toHaveLength(2);
      for (let place = 0; place <= bytes.length; place++)
        expect(await keysIn(...cut(bytes, [place]))).toEqual(whole);
      expect(await keysIn(...cut(bytes, [...bytes.keys()]))).toEqual(whole);
    },
  );
});
