import { createReadStream } from 'node:fs';
import { keysInText } from '@andamio/schema/key-format';
import { findKeys } from './find-keys.ts';
import type { Match, Report } from './report.ts';
import { walk } from './walk.ts';

/** Number of bytes read from a file at a time. */
const chunkSize = 256 * 1024;

/** The counts that a scan reports. */
export interface Tally {
  /** Number of files that were read, including standard input. */
  readonly read: number;
  readonly found: number;
  readonly unreadable: number;
  /** Number of symbolic links, pipes, sockets and devices inside folders. They are not opened. */
  readonly skipped: number;
}

function keysInName(name: string): Match[] {
  return [...keysInText(name)].map(({ key }) => ({ key }));
}

/**
 * Searches files, folders and their names for keys.
 *
 * @param input standard input, which is searched for the path `-`.
 */
export async function scan(
  paths: readonly string[],
  input: AsyncIterable<Buffer>,
  report: Report,
): Promise<Tally> {
  const tally = { read: 0, found: 0, unreadable: 0, skipped: 0 };

  function found(path: Buffer, match: Match): void {
    tally.found++;
    report.match(path.toString(), match);
  }

  function failed(path: Buffer, cause: unknown): void {
    tally.unreadable++;
    report.failure(path.toString(), (cause as NodeJS.ErrnoException).code ?? 'unknown');
  }

  async function read(path: Buffer, chunks: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const key of findKeys(chunks)) found(path, key);
      tally.read++;
    } catch (cause) {
      failed(path, cause);
    }
  }

  async function readAll(named: string): Promise<void> {
    for await (const entry of walk(named)) {
      if ('cause' in entry) {
        failed(entry.path, entry.cause);
        continue;
      }
      for (const match of keysInName(entry.name.toString())) found(entry.path, match);
      if (entry.kind === 'file')
        await read(entry.path, createReadStream(entry.path, { highWaterMark: chunkSize }));
      if (entry.kind === 'other') tally.skipped++;
    }
  }

  for (const path of paths) await (path === '-' ? read(Buffer.from(path), input) : readAll(path));
  return tally;
}
