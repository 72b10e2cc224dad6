import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const apps = join(import.meta.dirname, '../..');
const root = join(apps, '../..');

/** A screenshot, in README, of a page of the service. */
export interface Picture {
  /** Path of the file. */
  readonly path: string;
  /** The texts and styles that the picture shows. */
  shown(): readonly string[];
}

const filesIn = (folder: string, ...patterns: readonly string[]) =>
  globSync(patterns, { cwd: folder })
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8'));

/** The beginning of the built reference page. */
export const referencePicture: Picture = {
  path: join(root, 'docs/reference-page.png'),
  shown() {
    const built = join(apps, 'dist/reference');
    const [beginning = ''] = readFileSync(join(built, 'index.html'), 'utf8')
      .replace(/^[\s\S]*<body>/, '')
      .split('<section id="api-key"');
    return [beginning, ...filesIn(built, 'assets/*.css')];
  },
};

/** The console with some keys. */
export const consolePicture: Picture = {
  path: join(root, 'docs/console.png'),
  shown: () =>
    filesIn(
      join(root, 'packages/console/src'),
      '{styles.css,texts.ts}',
      'page/{page.css,html.ts}',
      'views/{app,chart,key-table,time,usage}.tsx',
    ),
};

/**
 * Returns a fingerprint of what a picture shows. Pixels differ between versions of Chromium and
 * fonts, so they are not compared.
 */
export const fingerprintOf = ({ shown }: Picture): string =>
  createHash('sha256').update(shown().join('\n')).digest('hex');

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
