import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { listeningLine } from '@andamio/testing/service-process';
import { waitFor } from '@andamio/testing/wait-for';

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

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function running(child: ChildProcess, port: string): Running {
  return { url: `http://127.0.0.1:${port}`, process: child, stop: () => kill(child) };
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
  await waitFor(`${program.main} to listen`, () => {
    if (child.exitCode !== null) throw new Error(`${program.main} exited with ${child.exitCode}.`);
    return port() !== undefined;
  });
  return running(child, port() as string);
}

/** Starts a program and measures the time until its output matches the pattern. */
export async function timeUntil(program: Program, pattern: RegExp, cwd: string) {
  const begun = performance.now();
  const child = launch(program, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (bytes) => {
      output += bytes;
      const found = pattern.exec(output);
      if (found !== null) resolve(found);
    });
    child.once('exit', (code) =>
      reject(new Error(`${program.main} exited with ${code}:\n${output}`)),
    );
  });
  return { begun, milliseconds: performance.now() - begun, match, stop: () => kill(child) };
}

/**
 * Starts a program and measures the time until it listens. Every measured program then prints the
 * line that the service prints.
 */
export async function timeToListening(program: Program, cwd: string) {
  const { begun, milliseconds, match, stop } = await timeUntil(program, listeningLine, cwd);
  return { begun, milliseconds, url: `http://127.0.0.1:${match[1]}`, stop };
}
