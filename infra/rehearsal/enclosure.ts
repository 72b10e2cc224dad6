import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/**
 * How a program in an enclosure ended: its exit code, or the signal that this process received
 * meanwhile.
 */
export type Ending = { readonly code: number } | { readonly signal: NodeJS.Signals };

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Returns the first child of a process (proc_pid_task(5)); undefined if it has none. */
function firstChildOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return first ? Number(first) : undefined;
}

/**
 * Runs a Node.js program in its own PID and mount namespaces. When the program ends or this process
 * is terminated, the kernel kills all processes in the namespaces and unmounts their mounts
 * (pid_namespaces(7), mount_namespaces(7)).
 *
 * @param args the program's file and arguments
 */
export async function enclosed(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ending> {
  // A separate process group: Ctrl-C in a terminal reaches only this process, which ends the whole
  // enclosure.
  const child: ChildProcess = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...args],
    { detached: true, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  let received: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals) => {
    received ??= signal;
    // unshare exits after the first process of the namespace, and all others, have ended.
    process.kill(firstChildOf(child.pid as number) ?? (child.pid as number), 'SIGKILL');
  };
  for (const signal of signals) process.on(signal, end);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.off(signal, end);
  return received === undefined ? { code: code ?? 1 } : { signal: received };
}

/**
 * Ends this process when its parent ends, since only the parent controls the enclosure. Call it
 * inside the enclosure.
 */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(1));
}
