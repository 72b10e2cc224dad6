import { keyLength, keysInText, maskKey } from '@andamio/schema/key-format';
import { type Encoding, encodings, mayHold, widestCharacter } from './encodings.ts';

/** A key found in a sequence of bytes. */
export interface FoundKey {
  /** Offset of the key in bytes. */
  readonly offset: number;
  /** Line number, starting at 1. */
  readonly line: number;
  /** Column in bytes, or in characters for UTF-16, starting at 1. */
  readonly column: number;
  /** The masked key. The key itself does not leave this file. */
  readonly masked: string;
}

/**
 * A part of the bytes that overlaps with the previous part, so that each key is complete in one of
 * them.
 */
interface Window {
  readonly bytes: Buffer;
  /** Offset of the window's first byte. */
  readonly begin: number;
  /** Offset of the next window. */
  readonly next: number;
}

/** Largest length of a key in bytes. */
const overlap = keyLength * widestCharacter;

/** A line: its number, starting at 1, and the offset of its first byte. */
interface Line {
  readonly number: number;
  readonly start: number;
}

/** The state of searching in one encoding: the line in which the next window starts. */
interface Reading {
  readonly encoding: Encoding;
  line: Line;
}

/**
 * Yields the keys of a window in one encoding, in order, and advances the state to the next window.
 */
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

/** Splits chunks of any size into overlapping windows. */
async function* splitIntoWindows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Window> {
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
 * Yields the keys in a stream of bytes, each once and in order. Memory is bounded by the chunk
 * size. Text with the format of a key but a wrong checksum is ignored.
 *
 * @throws the errors of the stream.
 */
export async function* findKeys(chunks: AsyncIterable<Buffer>): AsyncGenerator<FoundKey> {
  const readings = encodings.map((encoding) => ({ encoding, line: { number: 1, start: encoding.phase } }));
  let foundTo = 0;
  for await (const window of splitIntoWindows(chunks)) {
    const found = readings
      .filter(({ encoding }) => mayHold(encoding, window.bytes))
      .flatMap((reading) => [...readWindow(reading, window)])
      .sort((one, other) => one.offset - other.offset);
    for (const key of found) {
      // Either found in the previous window already, or UTF-16 text that another encoding reads one
      // byte later.
      if (key.offset < foundTo) continue;
      foundTo = key.offset + widestCharacter;
      yield key;
    }
  }
}
