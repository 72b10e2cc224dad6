import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { listeningLine } from '@andamio/testing/service-process';
import { waitFor } from '@andamio/testing/wait-for';
import type { Bench } from './bench.ts';
import type { Measurement } from './comparison.ts';

/** A program, and the environment variables that only this program needs. */
export interface Program {
  readonly main: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running process that listens on a loopback address. */
export interface Running {
  readonly url: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

function launch(
  { main, environment }: Program,
  options: SpawnOptions,
  nodeOptions: readonly string[] = [],
): ChildProcess {
  return spawn(process.execPath, [...nodeOptions, main], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: '0', ...environment },
    ...options,
  });
}

const hasExited = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null;

/** Kills a process that may have exited already. Resolves when it has exited. */
export async function kill(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/**
 * Starts a program in a new folder and waits until it listens. The program logs to a file, because
 * reading its output would take CPU time from the measured programs.
 */
export async function startProgram(
  program: Program,
  parentFolder: string,
  nodeOptions: readonly string[] = [],
): Promise<Running> {
  const cwd = await mkdtemp(join(parentFolder, 'program-'));
  const path = join(cwd, 'log');
  const log = openSync(path, 'a');
  const child = launch(program, { cwd, stdio: ['ignore', log, 'inherit', 'ipc'] }, nodeOptions);
  closeSync(log);
  const port = () => listeningLine.exec(readFileSync(path, 'utf8'))?.[1];
  const listens = () => {
    if (hasExited(child))
      throw new Error(`${program.main} exited with ${child.exitCode ?? child.signalCode}.`);
    return port() !== undefined;
  };
  await waitFor(`${program.main} to listen`, listens).catch(async (error: unknown) => {
    await kill(child);
    throw error;
  });
  return { url: `http://127.0.0.1:${port()}`, process: child, stop: () => kill(child) };
}

/**
 * Starts a program, and measures the milliseconds until its output matches the pattern and the task
 * is completed. Then stops the program.
 */
export async function timeUntil(
  program: Program,
  { folder }: Bench,
  pattern: RegExp,
  task?: (match: RegExpExecArray) => Promise<void>,
): Promise<Measurement> {
  const begun = performance.now();
  const child = launch(program, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const match = await new Promise<RegExpExecArray>((resolve, reject) => {
      let output = '';
      child.stdout?.on('data', (bytes) => {
        output += bytes;
        const found = pattern.exec(output);
        if (found !== null) resolve(found);
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`${program.main} exited with ${code ?? signal}:\n${output}`)),
      );
    });
    await task?.(match);
    return { value: performance.now() - begun };
  } finally {
    await kill(child);
  }
}
