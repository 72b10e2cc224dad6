import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** How a program in an enclosure ended: its exit code, or the signal that this process got meanwhile. */
export type Ending = { readonly code: number } | { readonly signal: NodeJS.Signals };

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Returns the first child of a process (proc_pid_task(5)); undefined where it has none. */
function firstChildOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return first ? Number(first) : undefined;
}

/**
 * Runs a Node program with PID and mount namespaces of its own. When it ends, and when this process is told to end, the
 * kernel kills whatever was started in there and drops what was mounted (pid_namespaces(7), mount_namespaces(7)).
 *
 * @param args the program's file and arguments
 */
export async function enclosed(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ending> {
  // Its own process group: Ctrl-C in a terminal reaches this process alone, which ends the enclosure as a whole.
  const child: ChildProcess = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...args],
    { detached: true, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  let received: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals) => {
    received ??= signal;
    // unshare ends once the first process of the namespace, and with it every other one, is gone.
    process.kill(firstChildOf(child.pid as number) ?? (child.pid as number), 'SIGKILL');
  };
  for (const signal of signals) process.on(signal, end);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.off(signal, end);
  return received === undefined ? { code: code ?? 1 } : { signal: received };
}

/** Ends this process with its parent, which alone tells the enclosure when to end. Call it inside. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(1));
}
