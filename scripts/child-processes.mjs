// Child processes that never outlive the script that started them.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './toolchain.mjs';

/** Time, in milliseconds, within which child processes must exit before they are killed. */
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
 * Starts a program in the root of the repository, as the leader of its own process group.
 *
 * A signal to the group also reaches the programs that this program starts. Ctrl+C in the terminal
 * reaches only this script, which then decides how to stop the program.
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

/** Exit codes of a script that a signal ended: 128 plus the number of the signal. */
export const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Calls a function with the name of each signal that asks the script to stop.
 *
 * npm sends signals only to its shell, which does not forward them. If npm runs the script, the
 * exit of that shell therefore counts as SIGTERM.
 */
export function onStopSignal(stop) {
  for (const signal of Object.keys(exitCodes)) process.on(signal, stop);
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  setInterval(() => process.ppid === shell || stop('SIGTERM'), 200).unref();
}

/** On a signal, ends all started programs and then the script. */
export function endOnSignals() {
  onStopSignal(async (signal) => {
    await endAll();
    process.exit(exitCodes[signal]);
  });
}

/**
 * Runs a program and shows its output. Resolves to the program's exit code.
 *
 * @param stdin `inherit` if the program reads this script's standard input
 */
export function run(command, args, stdin = 'ignore') {
  const child = start(command, args, { stdio: [stdin, 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
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
