// Functions shared by the scripts in package.json. They run on Node.js 20 or newer before any
// dependency is installed.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Reports whether the machine's own Node.js can run the service, which requires Node.js 24. */
export const hasRequiredNode = Number.parseInt(process.versions.node, 10) >= 24;

/**
 * Path of a Node.js that can run the service: the machine's own, or the one that is installed as a
 * dependency.
 */
export const node24 = hasRequiredNode
  ? process.execPath
  : join(root, 'scripts/node_modules/.bin/node');

/** Returns the program and arguments that run pnpm by npx, which downloads it if necessary. */
export const pnpmCommand = (...args) => ['npx', ['--yes', 'pnpm@12', ...args]];
