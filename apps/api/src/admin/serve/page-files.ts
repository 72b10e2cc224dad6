import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** A static file of the operators' page, with its media type. */
export interface PageFile {
  readonly type: string;
  readonly content: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

async function read(path: string): Promise<PageFile> {
  const type = types[extname(path)] ?? 'application/octet-stream';
  return { type, content: await readFile(path) };
}

/**
 * Reads the files of the operators' page, by request path. The path of a request is only looked up
 * in this map, never in the file system.
 *
 * @param folder the folder that `packages/console` builds
 */
export async function readPageFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const assets = await readdir(join(folder, 'assets'));
  const paths = [
    ['/', 'index.html'],
    ...assets.map((name) => [`/assets/${name}`, `assets/${name}`]),
  ];
  return new Map(
    await Promise.all(
      paths.map(
        async ([path, file]) => [path as string, await read(join(folder, file as string))] as const,
      ),
    ),
  );
}
