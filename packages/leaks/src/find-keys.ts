import { keyLength, keysInText, maskKey } from '@andamio/schema/key-format';
import { type Encoding, encodings, mayHold, widestCharacter } from './encodings.ts';

/** A key that stands in some bytes. */
export interface FoundKey {
  /** Bytes before the key. */
  readonly offset: number;
  /** Counted from 1, as are columns; a column is a byte, in UTF-16 a character. */
  readonly line: number;
  readonly column: number;
  /** The key as it may be shown. The key itself goes no further than this file. */
  readonly masked: string;
}

/** Part of the bytes, with enough of what came before that a key across the border is whole in it. */
interface Window {
  readonly bytes: Buffer;
  /** The offset of its first byte. */
  readonly begin: number;
  /** The offset at which the next window will begin. */
  readonly next: number;
}

/** The most bytes that a key takes. */
const overlap = keyLength * widestCharacter;

/** A line by its number from 1 and the offset of its first byte. */
interface Line {
  readonly number: number;
  readonly start: number;
}

/** One encoding's way through the bytes, and the line in which the next window begins. */
interface Reading {
  readonly encoding: Encoding;
  line: Line;
}

/** Finds the keys of a window in one encoding, in order, and moves the reading on to where the next window begins. */
function* readWindow(reading: Reading, { bytes, begin, next }: Window): Generator<FoundKey> {
  const { width, phase, decode } = reading.encoding;
  const origin = begin + ((begin + phase) % width);
  const text = decode(bytes.subarray(origin - begin));

  function lineAt(index: number, from: number, { number, start }: Line): Line {
    let [count, first] = [number, start];
    for (let end = text.indexOf('\n', from); end !== -1 && end < index; end = text.indexOf('\n', end + 1)) {
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
    yield { offset, line: line.number, column: (offset - line.start) / width + 1, masked: maskKey(key) };
  }
  reading.line = lineAt(Math.ceil((next - origin) / width), 0, reading.line);
}

/** Cuts bytes that arrive in chunks of any size into windows. */
async function* windows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Window> {
  let kept = Buffer.alloc(0);
  let begin = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([kept, chunk]);
    kept = bytes.subarray(Math.max(0, bytes.length - overlap));
    const next = begin + bytes.length - kept.length;
    yield { bytes, begin, next };
    begin = next;
  }
}

/**
 * Finds the keys in bytes of any number, each once and in order, with memory for one chunk at a time. What only looks like a
 * key is none: the checksum decides.
 *
 * @throws what reading the chunks throws.
 */
export async function* findKeys(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundKey> {
  const readings = encodings.map((encoding) => ({ encoding, line: { number: 1, start: encoding.phase } }));
  let foundTo = 0;
  for await (const window of windows(chunks)) {
    const found = readings
      .filter(({ encoding }) => mayHold(encoding, window.bytes))
      .flatMap((reading) => [...readWindow(reading, window)])
      .sort((one, other) => one.offset - other.offset);
    for (const key of found) {
      // Known from the window before; or text in UTF-16 that another reading, one byte on, takes for the same.
      if (key.offset < foundTo) continue;
      foundTo = key.offset + widestCharacter;
      yield key;
    }
  }
}
