/** A text encoding in which the scanner looks for keys. */
export interface Encoding {
  /** Bytes per character. */
  readonly width: 1 | 2;
  /**
   * Alignment of the characters: the remainder when a character's offset is divided by `width`.
   */
  readonly phase: 0 | 1;
  /**
   * Whether a zero byte after a key shows that the key is in little-endian UTF-16 and starts one byte
   * later. The zero byte before such a key makes it look like big-endian UTF-16.
   */
  readonly isLittleEndianBeforeZero?: true;
  /**
   * Decodes all complete characters. Characters that cannot occur in a key may be decoded
   * incorrectly.
   */
  decode(bytes: Buffer): string;
}

/** ASCII and its supersets: UTF-8, code pages, and strings in binary files. */
const ascii: Encoding = { width: 1, phase: 0, decode: (bytes) => bytes.toString('latin1') };

// Drops a trailing odd byte, on which Node.js would write out of bounds
// (https://github.com/nodejs/node/pull/64697).
const pairs = (bytes: Buffer) => bytes.subarray(0, bytes.length - (bytes.length % 2));

const littleEndian = (bytes: Buffer) => pairs(bytes).toString('utf16le');
const bigEndian = (bytes: Buffer) => Buffer.from(pairs(bytes)).swap16().toString('utf16le');

/**
 * UTF-16, as written by Windows shells and editors. Compilers also place UTF-16 strings at odd
 * offsets in binaries, and `git cat-file --batch` places files at any offset.
 */
const utf16: readonly Encoding[] = [
  { width: 2, phase: 0, decode: littleEndian },
  { width: 2, phase: 0, decode: bigEndian },
  { width: 2, phase: 1, decode: littleEndian },
  { width: 2, phase: 1, decode: bigEndian, isLittleEndianBeforeZero: true },
];

/** All encodings that the search covers. */
export const encodings: readonly Encoding[] = [ascii, ...utf16];

/** Maximum number of bytes that a character of a key takes in these encodings. */
export const widestCharacter = 2;

/**
 * Reports whether bytes may contain ASCII characters in the given encoding. In UTF-16, every ASCII
 * character has a zero byte.
 */
export function mayHold({ width }: Encoding, bytes: Buffer): boolean {
  return width === 1 || bytes.includes(0);
}
