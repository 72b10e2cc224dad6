/** A text encoding that the characters of a key may be in. */
export interface Encoding {
  /** Bytes per character. */
  readonly width: 1 | 2;
  /** Start of the characters: their offsets have this remainder when divided by {@link width}. */
  readonly phase: 0 | 1;
  /**
   * Decodes all complete characters. The characters of keys are decoded correctly; others may not
   * be.
   */
  decode(bytes: Buffer): string;
}

/** ASCII and its supersets: UTF-8, code pages, and text within binary files. */
const ascii: Encoding = { width: 1, phase: 0, decode: (bytes) => bytes.toString('latin1') };

// A trailing odd byte makes Node write out of bounds (https://github.com/nodejs/node/pull/64697).
const pairs = (bytes: Buffer) => bytes.subarray(0, bytes.length - (bytes.length % 2));

const littleEndian = (bytes: Buffer) => pairs(bytes).toString('utf16le');
const bigEndian = (bytes: Buffer) => Buffer.from(pairs(bytes)).swap16().toString('utf16le');

/**
 * UTF-16, as written by shells and editors on Windows. Compilers also place it at odd offsets of
 * binaries.
 */
const utf16: readonly Encoding[] = [
  { width: 2, phase: 0, decode: littleEndian },
  { width: 2, phase: 0, decode: bigEndian },
  { width: 2, phase: 1, decode: littleEndian },
];

/** All encodings that are searched. */
export const encodings: readonly Encoding[] = [ascii, ...utf16];

/** Largest number of bytes per character of these encodings. */
export const widestCharacter = 2;

/**
 * Reports whether bytes may contain ASCII characters in an encoding. In UTF-16 each of them has a
 * zero byte.
 */
export function mayHold({ width }: Encoding, bytes: Buffer): boolean {
  return width === 1 || bytes.includes(0);
}
