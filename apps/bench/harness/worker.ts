import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Measurement } from './comparison.ts';
import { peerFile } from './peer-file.ts';
import { measureRate } from './processor-time.ts';
import { kill } from './program.ts';

/** A program from `peers/` that runs in a separate process and performs tasks on request. */
export interface Worker {
  /** Performs the given number of tasks. Measures tasks per second. */
  perform(amount: number): Promise<Measurement>;
  stop(): Promise<void>;
}

export async function startWorker(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<Worker> {
  const child = fork(peerFile(name), { env: { ...process.env, ...environment } });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('exit', (code, signal) =>
      reject(new Error(`${name} exited with ${code ?? signal}.`)),
    );
  });
  failed.catch(() => {});
  const answer = () => Promise.race([once(child, 'message'), failed]).then(([message]) => message);
  await answer();
  return {
    perform(amount) {
      return measureRate(child.pid, amount, async () => {
        child.send(amount);
        return (await answer()) as number;
      });
    },
    stop: () => kill(child),
  };
}
