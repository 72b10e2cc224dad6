// Functions shared by the scripts of package.json. Runs on Node 20 or newer, before anything is
// installed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Node 24, installed as a dependency. The machine's own Node may be too old for the libraries. */
export const node24 = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

/** Runs a program in the repository's root and resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** Runs pnpm, which npx downloads if the machine has none. */
export function pnpm(...args) {
  return run('npx', ['--yes', 'pnpm@12', ...args]);
}

/** Runs the steps in order. If one fails, exits with its exit code. */
export async function required(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) process.exit(code);
  }
}

export const install = () => pnpm('install', '--frozen-lockfile');
