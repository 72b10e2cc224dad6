import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Call, Control } from './control.ts';

type Remote = {
  readonly [Method in keyof Control]: (
    ...args: Parameters<Control[Method]>
  ) => Promise<Awaited<ReturnType<Control[Method]>>>;
};

/** A fake Google that runs in a separate process. */
export interface Google extends Remote {
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/**
 * The projects that tests use: the documented project, and a new user's project. The documented
 * project's number is published. Its id is not, so the id here is invented.
 */
const projects = {
  documented: ['documented-project', '308006323670'],
  own: ['my-project', '123456789012'],
} as const;

/**
 * Starts a fake Google that contains the projects and nothing else.
 *
 * @param options.programFolder the folder of the Pulumi program, in which the engine starts
 * providers. Defaults to the one of this repository.
 */
export async function startGoogle(
  options: {
    readonly args?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
    readonly programFolder?: string;
  } = {},
): Promise<Google> {
  const named = Object.values(projects).map((pair) => pair.join('='));
  const child = fork(
    join(import.meta.dirname, 'main.ts'),
    ['--projects', named.join(','), ...(options.args ?? [])],
    {
      // Errors reach the engine in responses, so the provider's own stack traces are discarded.
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
      serialization: 'advanced',
      cwd: options.programFolder ?? join(import.meta.dirname, '../..'),
      env: { ...process.env, ...options.env },
    },
  );
  const started = new AbortController();
  const [line] = (await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data', started),
    once(child, 'exit', started).then(([code]) => {
      throw new Error(
        `The fake Google ended with exit code ${code}: run node ${join(import.meta.dirname, 'main.ts')}.`,
      );
    }),
  ])) as [Buffer];
  started.abort();
  child.stdout?.resume();

  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(result);
    else caller?.reject(new Error(error));
  });
  let last = 0;
  const call = (method: keyof Control, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      last++;
      waiting.set(last, { resolve, reject });
      child.send({ id: last, method, args } satisfies Call);
    });
  const own = {
    port: Number(line.toString()),
    process: child,
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
  return new Proxy(own, {
    get: (target, name) =>
      name in target || name === 'then'
        ? target[name as keyof typeof own]
        : (...args: unknown[]) => call(name as keyof Control, args),
  }) as unknown as Google;
}
