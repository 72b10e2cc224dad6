import { createReadStream } from 'node:fs';
import { keysInText, maskKey } from '@andamio/schema/key-format';
import { findKeys } from './find-keys.ts';
import type { Finding, Report } from './report.ts';
import { walk } from './walk.ts';

/** How much of a file is read at a time, in bytes. */
const chunkSize = 256 * 1024;

/** What was looked at, in numbers. */
export interface Tally {
  /** Files, and standard input. */
  readonly read: number;
  readonly found: number;
  readonly unreadable: number;
  /** Links, pipes, sockets and devices in folders: they are not opened. */
  readonly passedOver: number;
}

function keysInName(name: string): Finding[] {
  return [...keysInText(name)].map(({ key }) => ({ masked: maskKey(key) }));
}

/**
 * Looks for keys in what the paths name, and in names.
 *
 * @param input what the path `-` stands for.
 */
export async function scan(paths: readonly string[], input: AsyncIterable<Buffer>, report: Report): Promise<Tally> {
  const tally = { read: 0, found: 0, unreadable: 0, passedOver: 0 };

  function found(path: Buffer, finding: Finding): void {
    tally.found++;
    report.finding(path.toString(), finding);
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
      for (const finding of keysInName(entry.name.toString())) found(entry.path, finding);
      if (entry.kind === 'file') await read(entry.path, createReadStream(entry.path, { highWaterMark: chunkSize }));
      if (entry.kind === 'other') tally.passedOver++;
    }
  }

  for (const path of paths) await (path === '-' ? read(Buffer.from(path), input) : readAll(path));
  return tally;
}
