import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const built = join(import.meta.dirname, '../../dist/reference');

/** Path of the picture of the reference page in README. */
export const picturePath = join(import.meta.dirname, '../../../../docs/reference-page.png');

/**
 * Returns a fingerprint of what the picture shows: the beginning of the built page, and its style
 * sheets. Pixels differ between versions of Chromium and fonts, so they are not compared.
 */
export function fingerprintOfPage(): string {
  const [beginning = ''] = readFileSync(join(built, 'index.html'), 'utf8')
    .replace(/^[\s\S]*<body>/, '')
    .split('<section id="api-key"');
  const styles = globSync('assets/*.css', { cwd: built }).map((file) =>
    readFileSync(join(built, file), 'utf8'),
  );
  return createHash('sha256')
    .update([beginning, ...styles].join('\n'))
    .digest('hex');
}

const keyword = 'Fingerprint\0';

/** Length of the last chunk of a PNG, IEND. */
const endLength = 12;

/** Returns a PNG with a fingerprint in a text chunk (https://www.w3.org/TR/png-3/#11tEXt). */
export function withFingerprint(png: Buffer, fingerprint: string): Buffer {
  const typeAndData = Buffer.from(`tEXt${keyword}${fingerprint}`, 'latin1');
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(typeAndData.length - 4, 0);
  frame.writeUInt32BE(crc32(typeAndData), 4);
  const end = png.length - endLength;
  return Buffer.concat([
    png.subarray(0, end),
    frame.subarray(0, 4),
    typeAndData,
    frame.subarray(4),
    png.subarray(end),
  ]);
}

/** Returns the fingerprint in a PNG, or undefined if it has none. */
export const fingerprintIn = (png: Buffer): string | undefined =>
  png.toString('latin1').split(`tEXt${keyword}`)[1]?.slice(0, 64);
