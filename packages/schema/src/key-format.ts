// Generates and checks API keys. A key is `ant-`, followed by 34 random base62 characters and a
// checksum. The checksum is the CRC-32 of the preceding characters as 6 base62 digits
// (contract, "Key format").
//
// This module depends only on Web Crypto, so it runs in Node.js and in browsers.

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'ant-';
const randomLength = 34;
const checksumLength = 6;
const shownLength = prefix.length + 4;

/** The request header that carries an API key (contract, part B). */
export const apiKeyHeader = 'X-API-Key';

/** Length of an API key in characters. */
export const keyLength = prefix.length + randomLength + checksumLength;

const form = `${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}`;

/** JSON Schema pattern of an API key. It does not check the checksum. */
export const keyPattern = `^${form}$`;

/** Pattern of a key that {@link maskKey} has masked. */
export const maskedKeyPattern = `^${prefix}[0-9A-Za-z]{${shownLength - prefix.length}}x{${keyLength - shownLength}}$`;

const wholeKey = new RegExp(keyPattern);

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * Returns the CRC-32 (IEEE 802.3, reflected) of an ASCII string. Browsers have no counterpart of
 * Node.js's `zlib.crc32`.
 */
function crc32(ascii: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < ascii.length; i++)
    crc = (crc >>> 8) ^ (crcTable[(crc ^ ascii.charCodeAt(i)) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let i = 0; i < checksumLength; i++) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** A function that returns a new array of `length` random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

const webCryptoBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/**
 * Generates an API key with 202 bits of randomness.
 *
 * @param randomBytes source of cryptographically secure random bytes. Default: Web Crypto.
 */
export function makeKey(randomBytes: RandomBytes = webCryptoBytes): string {
  let body = prefix;
  while (body.length < prefix.length + randomLength) {
    for (const byte of randomBytes(48)) {
      // 248 is the largest multiple of 62 below 256. Using the bytes from 248 would favor the first
      // characters of the alphabet.
      if (byte < 248) body += alphabet[byte % 62];
      if (body.length === prefix.length + randomLength) break;
    }
  }
  return body + checksum(body);
}

/**
 * Reports whether text has the format and checksum of an API key. Detects mistyped keys without a
 * lookup.
 */
export function isKey(text: string): boolean {
  if (!wholeKey.test(text)) return false;
  const body = text.slice(0, -checksumLength);
  return checksum(body) === text.slice(-checksumLength);
}

/** An API key found in text. */
export interface KeyInText {
  readonly key: string;
  /** Offset of the key in UTF-16 code units. */
  readonly index: number;
}

/**
 * Finds API keys in text, in order. Any characters may precede or follow a key. Random text in the
 * format of a key has a valid checksum with a probability of one in four billion.
 */
export function* keysInText(text: string): Generator<KeyInText> {
  const pattern = new RegExp(form, 'g');
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { 0: key, index } = match;
    if (isKey(key)) yield { key, index };
    pattern.lastIndex = index + 1; // Keys can overlap: one may end in the `ant` of the next.
  }
}

/** Reports whether text contains an API key. Any characters may precede or follow it. */
export function containsKey(text: string): boolean {
  return keysInText(text).next().done !== true;
}

/** Returns the first 8 characters of a key, `ant-` and 4 more. They need not be kept secret. */
export function keyStart(key: string): string {
  return key.slice(0, shownLength);
}

/**
 * Returns a key in masked form, with `x` in place of every character after the first 8 (contract,
 * part C).
 *
 * @param start a key, or its first 8 characters.
 */
export function maskKey(start: string): string {
  return start.slice(0, shownLength).padEnd(keyLength, 'x');
}
