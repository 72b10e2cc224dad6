import type { Bench } from './bench.ts';
import { type Program, type Running, startProgram } from './program.ts';
import { startWorker, type Worker } from './worker.ts';

/** Starts the processes that a measurement needs. */
export interface Processes {
  /** Starts a program in a folder of its own. Resolves when it listens. */
  start(program: Program, nodeOptions?: readonly string[]): Promise<Running>;
  /** Starts a worker from `peers/`. Resolves when it is ready. */
  startWorker(name: string, environment: Readonly<Record<string, string>>): Promise<Worker>;
}

/** Performs a task with processes, and stops all of them after it, even if it fails. */
export async function withProcesses<Result>(
  { folder }: Bench,
  task: (processes: Processes) => Promise<Result>,
): Promise<Result> {
  const started: { stop(): Promise<void> }[] = [];
  async function stoppedLater<Process extends { stop(): Promise<void> }>(
    starting: Promise<Process>,
  ): Promise<Process> {
    const process = await starting;
    started.push(process);
    return process;
  }
  try {
    return await task({
      start: (program, nodeOptions) => stoppedLater(startProgram(program, folder, nodeOptions)),
      startWorker: (name, environment) => stoppedLater(startWorker(name, environment)),
    });
  } finally {
    await Promise.all(started.map((process) => process.stop()));
  }
}
