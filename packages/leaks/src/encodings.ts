/** A way in which bytes may stand for the characters of a key. */
export interface Encoding {
  /** Bytes a character. */
  readonly width: 1 | 2;
  /** Where characters begin: at offsets that leave this remainder when divided by {@link width}. */
  readonly phase: 0 | 1;
  /** Reads as many whole characters as there are. Of those that a key is made of none is read wrongly. */
  decode(bytes: Buffer): string;
}

/** ASCII and everything that extends it: UTF-8, the code pages, and the parts of binary files that are such text. */
const ascii: Encoding = { width: 1, phase: 0, decode: (bytes) => bytes.toString('latin1') };

// An odd byte at the end makes Node write past its memory (https://github.com/nodejs/node/pull/64697).
const pairs = (bytes: Buffer) => bytes.subarray(0, bytes.length - (bytes.length % 2));

const littleEndian = (bytes: Buffer) => pairs(bytes).toString('utf16le');
const bigEndian = (bytes: Buffer) => Buffer.from(pairs(bytes)).swap16().toString('utf16le');

/** UTF-16, which shells and editors on Windows write; compilers put it at odd offsets of a binary, too. */
const utf16: readonly Encoding[] = [
  { width: 2, phase: 0, decode: littleEndian },
  { width: 2, phase: 0, decode: bigEndian },
  { width: 2, phase: 1, decode: littleEndian },
];

/** Every encoding in which keys are looked for. */
export const encodings: readonly Encoding[] = [ascii, ...utf16];

/** The most bytes that a character takes in any of them. */
export const widestCharacter = 2;

/** Whether bytes may hold ASCII characters in an encoding: in UTF-16 each of them has a zero byte. */
export function mayHold({ width }: Encoding, bytes: Buffer): boolean {
  return width === 1 || bytes.includes(0);
}
