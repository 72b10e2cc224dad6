// What the verbs in package.json have in common. Runs on any Node from 20, before anything is installed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Node 24, which the installation brings: the machine's own may be older than the libraries need. */
export const node24 = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

/** Runs a program in the repository's root to its end and resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** Runs pnpm, which npx brings where the machine has none. */
export function pnpm(...args) {
  return run('npx', ['--yes', 'pnpm@12', ...args]);
}

/** Runs the steps in order and ends this process with the code of the first that fails. */
export async function required(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) process.exit(code);
  }
}

export const install = () => pnpm('install', '--frozen-lockfile');
