import { keyLength, keysInText } from '@andamio/schema/key-format';
import { type Encoding, encodings, mayHold, widestCharacter } from './encodings.ts';

/** A key found in a byte stream. */
export interface FoundKey {
  /** Byte offset of the key. */
  readonly offset: number;
  /** Line number, starting at 1. */
  readonly line: number;
  /**
   * Column number, starting at 1. Columns are characters of the encoding. In ASCII and its
   * supersets, they are bytes.
   */
  readonly column: number;
  /** The key in plaintext. It must not be printed. */
  readonly key: string;
}

/**
 * A section of the byte stream. Each window overlaps with the previous one, so that every key is
 * complete in at least one window.
 */
interface Window {
  readonly bytes: Buffer;
  /** Offset of the window's first byte in the stream. */
  readonly begin: number;
  /** Offset of the next window's first byte in the stream. */
  readonly next: number;
  readonly isLast: boolean;
}

/** Number of bytes by which windows overlap: the maximum length of a key, and the byte after it. */
const overlap = keyLength * widestCharacter + 1;

/** A line of text. `number` starts at 1, and `start` is the offset of the line's first byte. */
interface Line {
  readonly number: number;
  readonly start: number;
}

/** The search in one encoding. `line` is the line in which the next window starts. */
interface Reading {
  readonly encoding: Encoding;
  line: Line;
}

/** Yields the keys in a window in order. Advances the search to the next window. */
function* readWindow(reading: Reading, window: Window): Generator<FoundKey> {
  const { bytes, begin, next, isLast } = window;
  const { width, phase, decode, isLittleEndianBeforeZero } = reading.encoding;
  const origin = begin + ((begin + phase) % width);
  const text = decode(bytes.subarray(origin - begin));

  function lineAt(index: number, from: number, { number, start }: Line): Line {
    let [count, first] = [number, start];
    for (
      let end = text.indexOf('\n', from);
      end !== -1 && end < index;
      end = text.indexOf('\n', end + 1)
    ) {
      count++;
      first = origin + (end + 1) * width;
    }
    return { number: count, start: first };
  }

  let { line } = reading;
  let reached = 0;
  for (const { key, index } of keysInText(text)) {
    line = lineAt(index, reached, line);
    reached = index;
    const offset = origin + index * width;
    if (isLittleEndianBeforeZero) {
      const after = bytes[offset - begin + keyLength * width];
      // At the end of a window, the byte after the key is in the next window, which finds the key too.
      if (after === 0 || (after === undefined && !isLast)) continue;
    }
    yield {
      offset,
      line: line.number,
      column: (offset - line.start) / width + 1,
      key,
    };
  }
  reading.line = lineAt(Math.ceil((next - origin) / width), 0, reading.line);
}

/** Splits chunks of any size into overlapping windows. */
async function* splitIntoWindows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Window> {
  let kept = Buffer.alloc(0);
  let begin = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([kept, chunk]);
    kept = bytes.subarray(Math.max(0, bytes.length - overlap));
    const next = begin + bytes.length - kept.length;
    yield { bytes, begin, next, isLast: false };
    begin = next;
  }
  yield { bytes: kept, begin, next: begin + kept.length, isLast: true };
}

/**
 * Yields each key in a byte stream once, in order. Memory use is proportional to the size of a
 * chunk. Ignores text that has a key's format but an invalid checksum.
 *
 * @throws any error that the stream emits.
 */
export async function* findKeys(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundKey> {
  const readings = encodings.map((encoding) => ({
    encoding,
    line: { number: 1, start: encoding.phase },
  }));
  let foundTo = 0;
  for await (const window of splitIntoWindows(chunks)) {
    const found = readings
      .filter(({ encoding }) => mayHold(encoding, window.bytes))
      .flatMap((reading) => [...readWindow(reading, window)])
      .sort((one, other) => one.offset - other.offset);
    for (const key of found) {
      // The previous window already contained this key, or another encoding misread the same UTF-16
      // text one byte later.
      if (key.offset < foundTo) continue;
      foundTo = key.offset + widestCharacter;
      yield key;
    }
  }
}
