/**
 * The form of a key: `ant-`, 34 unpredictable base62 characters, then the CRC-32 of all that stands before as 6 base62
 * digits (service contract, "A key's form"). Runs in browsers as well as in Node: it needs Web Crypto and nothing else.
 */

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'ant-';
const randomLength = 34;
const checksumLength = 6;
const shownLength = prefix.length + 4;

/** The header that carries a key (contract, part B). */
export const apiKeyHeader = 'X-API-Key';

/** Characters of a whole key. */
export const keyLength = prefix.length + randomLength + checksumLength;

const form = `${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}`;

/** The pattern of a whole key as JSON Schema writes it; it does not check the checksum. */
export const keyPattern = `^${form}$`;

/** The pattern of a key as {@link maskKey} shows it. */
export const maskedKeyPattern = `^${prefix}[0-9A-Za-z]{${shownLength - prefix.length}}x{${keyLength - shownLength}}$`;

const wholeKey = new RegExp(keyPattern);

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (IEEE 802.3, reflected) of an ASCII string. Node has it in zlib, but browsers have not. */
function crc32(ascii: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < ascii.length; i++) crc = (crc >>> 8) ^ (crcTable[(crc ^ ascii.charCodeAt(i)) & 0xff] as number);
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

/** Fills a fresh array of the given length with unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array;

const webCryptoBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/**
 * Makes a new key of 202 bits of randomness.
 *
 * @param randomBytes a source of unpredictable bytes; Web Crypto when left out.
 */
export function makeKey(randomBytes: RandomBytes = webCryptoBytes): string {
  let body = prefix;
  while (body.length < prefix.length + randomLength) {
    for (const byte of randomBytes(48)) {
      // 248 is the largest multiple of 62 below 256: what lies above would make the first digits likelier than the others.
      if (byte < 248) body += alphabet[byte % 62];
      if (body.length === prefix.length + randomLength) break;
    }
  }
  return body + checksum(body);
}

/** Says whether a string is a key by form and checksum: a mistyped key is found out without asking the store. */
export function isKey(text: string): boolean {
  if (!wholeKey.test(text)) return false;
  const body = text.slice(0, -checksumLength);
  return checksum(body) === text.slice(-checksumLength);
}

/** A key that stands in text. */
export interface KeyInText {
  readonly key: string;
  /** How many UTF-16 units stand before it. */
  readonly index: number;
}

/** Finds the keys in text, in order, whatever stands around them: the checksum leaves one false find in four billion. */
export function* keysInText(text: string): Generator<KeyInText> {
  const pattern = new RegExp(form, 'g');
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { 0: key, index } = match;
    if (isKey(key)) yield { key, index };
    pattern.lastIndex = index + 1; // What looks like a key may end in the `ant` of another.
  }
}

/** The first characters of a key, which may be stored and shown: `ant-` and 4 more. */
export function keyStart(key: string): string {
  return key.slice(0, shownLength);
}

/** A key as it may be shown later: its start, then `x` for each character that is hidden (contract, part C). */
export function maskKey(start: string): string {
  return start.slice(0, shownLength).padEnd(keyLength, 'x');
}
