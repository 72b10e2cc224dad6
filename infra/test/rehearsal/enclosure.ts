import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/**
 * The result of a program in an enclosure: its exit code, or the signal to this process that
 * stopped the program.
 */
export type Ending = { readonly code: number } | { readonly signal: NodeJS.Signals };

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Returns the pid of a process's first child (proc_pid_task(5)), or undefined if the process has
 * none.
 */
function firstChildOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return first ? Number(first) : undefined;
}

/**
 * Runs a Node.js program in an enclosure, which consists of separate PID and mount namespaces. When
 * the program exits or this process is terminated, the kernel kills all processes in the enclosure
 * and removes its mounts (pid_namespaces(7), mount_namespaces(7)).
 *
 * @param args the program's file, followed by its arguments
 */
export async function enclosed(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ending> {
  // In a separate process group, the program does not receive Ctrl-C from the terminal. Only this
  // process does, and it stops the whole enclosure.
  const child: ChildProcess = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...args],
    { detached: true, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  let received: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals) => {
    received ??= signal;
    // Killing the namespace's first process kills all others. Afterwards unshare exits.
    process.kill(firstChildOf(child.pid as number) ?? (child.pid as number), 'SIGKILL');
  };
  for (const signal of signals) process.on(signal, end);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.off(signal, end);
  return received === undefined ? { code: code ?? 1 } : { signal: received };
}

/**
 * Exits when the parent process exits, because only the parent can stop the enclosure. It must be
 * called inside the enclosure.
 */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(1));
}
