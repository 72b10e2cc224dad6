// Child processes that never outlive the script that started them.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './toolchain.mjs';

/** Milliseconds that child processes get to exit before they are killed. */
const grace = 3_000;

/** The ids of process groups that may still have processes. */
const groups = new Set();

/** Sends a signal to a process group. Returns false if the group has no process. */
function signalGroup(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/**
 * Starts a program in the root of the repository, as the leader of a process group of its own. A
 * signal to the group then reaches the programs that it starts, and Ctrl-C in the terminal reaches
 * only this script, which decides what to do.
 */
export function start(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const { pid } = child;
  if (pid === undefined) return child;
  groups.add(pid);
  child.once('exit', () => signalGroup(pid, 0) || groups.delete(pid));
  return child;
}

/** Ends all started programs and the programs that they started. */
export async function endAll() {
  for (const group of groups) signalGroup(group, 'SIGTERM');
  const until = Date.now() + grace;
  for (const group of groups) {
    while (signalGroup(group, 0) && Date.now() < until) await delay(20);
    signalGroup(group, 'SIGKILL');
  }
}

/** Exit codes of a script that a signal ended: 128 and the number of the signal. */
export const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** On a signal, ends all started programs and then the script. */
export function endOnSignals() {
  for (const [signal, code] of Object.entries(exitCodes)) {
    process.once(signal, async () => {
      await endAll();
      process.exit(code);
    });
  }
}

/**
 * Runs a program without showing its output.
 *
 * @returns the exit code, the standard output, and the output on both streams. If the program
 *   cannot be started, the exit code is 127 and the output is the reason.
 */
export async function runQuietly(command, args, options = {}) {
  const child = start(command, args, options);
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, stdout, output };
}
