import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A program from `peers/` in a separate process, which works on request. */
export interface Worker {
  /** Performs the given number of tasks. Resolves to the number of tasks per second. */
  perform(amount: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startWorker(
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Worker> {
  const child: ChildProcess = fork(new URL(`../peers/${name}.ts`, import.meta.url), {
    env: { ...process.env, ...environment },
  });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${name} exited with ${code}.`)));
  });
  failed.catch(() => {});
  const answer = () => Promise.race([once(child, 'message'), failed]).then(([message]) => message);
  await answer();
  return {
    async perform(amount) {
      child.send(amount);
      return (await answer()) as number;
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
