// Functions shared by the scripts in package.json. They run on Node.js 20 or newer before any
// dependency is installed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Path of Node.js 24, which is installed as a dependency. The machine's own version may be too old
 * for the libraries.
 */
export const node24 = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

/** Runs a program in the root of the repository. Resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** Runs pnpm by npx, which downloads pnpm if necessary. */
export function pnpm(...args) {
  return run('npx', ['--yes', 'pnpm@12', ...args]);
}

/** Runs steps in order. If a step fails, exits with the step's exit code. */
export async function required(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) process.exit(code);
  }
}

export const install = () => pnpm('install', '--frozen-lockfile');
