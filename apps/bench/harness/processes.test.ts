import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Bench } from './bench.ts';
import { peerFile } from './peer-file.ts';
import { withProcesses } from './processes.ts';
import type { Running } from './program.ts';

test('stops the processes of a task that fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-processes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const bench: Bench = { folder, service: '', emulatorHost: '', amount: (requests) => requests };
  const program = { main: peerFile('verify-floor') };
  const started: Running[] = [];
  onTestFinished(async () => {
    for (const { stop } of started) await stop();
  });
  const failed = withProcesses(bench, async ({ start }) => {
    started.push(await start(program), await start(program));
    for (const { url } of started) expect((await fetch(url)).status).toBe(200);
    throw new Error('The measurement failed.');
  });
  await expect(failed).rejects.toThrow('The measurement failed.');
  expect(started.map(({ process }) => process.signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
});
