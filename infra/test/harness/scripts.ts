import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from './stack.ts';

export const repository = join(import.meta.dirname, '../../..');

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Starts a script of the pipeline, as a workflow does. The script has its own process group.
 *
 * @param path the script's path, absolute or relative to the repository
 * @returns `press` sends SIGINT to the group, as a terminal does on Ctrl-C
 */
export function startScript(
  path: string,
  args: readonly string[],
  env: Record<string, string>,
): { readonly child: ChildProcess; readonly ended: Promise<Ended>; readonly press: () => void } {
  const child = spawn(process.execPath, [resolve(repository, path), ...args], {
    env: { ...process.env, ...env },
    detached: true,
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as number }),
  );
  return { child, ended, press: () => process.kill(-(child.pid as number), 'SIGINT') };
}

/** Runs a script of the pipeline, as a workflow does, and waits until it exits. */
export function script(
  path: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Ended> {
  return startScript(path, args, env).ended;
}

/** Creates a shell program that logs its arguments, for use on PATH. */
export function program(name: string, body: string) {
  const folder = temporaryFolder();
  const calls = join(folder, 'calls');
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >> '${calls}'\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
  return {
    folder,
    env: { PATH: `${folder}:${process.env['PATH']}` },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
  };
}
