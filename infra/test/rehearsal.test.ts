import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engineIsHere, imagesCanBeBuilt } from './harness/requirements.ts';
import { temporaryFolder } from './harness/stack.ts';

/** Starts a rehearsal with its own temporary folder, and records its output. */
function rehearsal(path: string): {
  child: ChildProcess;
  folder: string;
  printed(): string;
  ended: Promise<unknown[]>;
} {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'rehearsal/main.ts')], {
    env: { ...process.env, TMPDIR: folder, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (printed += chunk));
  return { child, folder, printed: () => printed, ended: once(child, 'close') };
}

/**
 * Returns the command lines of all processes whose arguments or environment contain a folder's
 * path.
 */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const [command, environment] = ['cmdline', 'environ'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8'),
        );
        return `${command}${environment}`.includes(folder) ? [String(command)] : [];
      } catch {
        return [];
      }
    });
}

function expectNothingLeft(folder: string): void {
  expect(processesOf(folder)).toEqual([]);
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.log$/)]);
}

const path = process.env['PATH'] as string;

/** Creates a folder with a program that exits with code 3. */
function broken(name: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), '#!/bin/sh\nexit 3\n');
  chmodSync(join(folder, name), 0o755);
  return folder;
}

test('the rehearsal lists all missing tools, and starts nothing', async () => {
  const programs = temporaryFolder();
  symlinkSync('/bin/sh', join(programs, 'sh'));
  const { folder, printed, ended } = rehearsal(programs);
  expect(await ended).toEqual([1, null]);
  for (const name of [
    'root',
    'git',
    'pulumi',
    'buildah',
    'docker-registry',
    'openssl',
    'Firestore emulator',
  ])
    expect(printed()).toMatch(new RegExp(`^  ${name} .*\\(.+\\)$`, 'm'));
  expect(printed()).not.toContain('disk space');
  expect(readdirSync(folder)).toEqual([]);
});

describe.skipIf(!(engineIsHere && imagesCanBeBuilt))(
  'the rehearsal leaves only its log behind',
  () => {
    test('when Ctrl-C ends it', async () => {
      const { child, folder, printed, ended } = rehearsal(path);
      // The first step starts npx, which asks npm's registry for the version of pnpm.
      await expect.poll(() => printed(), { timeout: 180_000 }).toContain('on loopback');
      expect(processesOf(folder).some((command) => command.startsWith('docker-registry'))).toBe(
        true,
      );
      child.kill('SIGINT');
      expect(await ended).toEqual([130, null]);
      expectNothingLeft(folder);
    }, 240_000);

    test('when a program fails, and says which', async () => {
      const { folder, printed, ended } = rehearsal(`${broken('docker-registry')}:${path}`);
      expect(await ended).toEqual([1, null]);
      expect(printed()).toContain('docker-registry ended with exit code 3.');
      expect(printed()).toMatch(/FAILED/);
      expect(printed()).toContain(
        `What each command printed: ${join(folder, readdirSync(folder)[0] as string)}`,
      );
      expectNothingLeft(folder);
    }, 240_000);
  },
);
