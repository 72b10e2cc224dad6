// The checks that `npm start` makes before it installs or builds. They find problems that would
// otherwise appear only after a minute, or as an error of another program.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './toolchain.mjs';

// Exit codes, from sysexits.h.
const exUsage = 64;
const exConfig = 78;

const usage = `npm start

Installs, builds and starts the service on http://127.0.0.1:8080/. It has no options. Settings are
environment variables (docs/settings.md), as in:

PORT=8081 npm start
`;

const problem = (message, exitCode = 1) => ({ message, exitCode });

function argumentProblem([argument]) {
  if (argument === undefined) return undefined;
  if (['--help', '-h'].includes(argument)) return problem(usage.trimEnd(), 0);
  return problem(
    `npm start does not know ${argument}. Settings are environment variables, as in PORT=8081 npm start`,
    exUsage,
  );
}

/** Returns the reason why a command cannot run on this platform, or undefined. */
function platformProblem(command) {
  if (process.platform === 'win32')
    return problem(
      `${command} does not run on Windows itself. Run it in WSL: https://learn.microsoft.com/windows/wsl/install`,
    );
  if (Number.parseInt(process.versions.node, 10) < 20)
    return problem(
      `Node.js 20 or newer is required; this is ${process.versions.node}. Install a newer one: https://nodejs.org/`,
      exConfig,
    );
  return undefined;
}

/** Exits with the reason on standard error if a command cannot run on this platform. */
export function requirePlatform(command) {
  const found = platformProblem(command);
  if (found === undefined) return;
  process.stderr.write(`${found.message}\n`);
  process.exit(found.exitCode);
}

/**
 * Listens on a port, and closes it again. Resolves to the port. Rejects if this process cannot
 * listen on it.
 */
function tryPort(port, host) {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      const { port: chosen } = server.address();
      server.close(() => resolve(chosen));
    });
  });
}

/** Resolves to a port that is currently free. */
export const freePort = (host) => tryPort(0, host);

async function portProblem({ PORT: port = '8080', HOST: host = '127.0.0.1' }) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    return problem('PORT must be a number from 0 to 65535.', exConfig);
  const code = await tryPort(Number(port), host).then(
    () => undefined,
    (error) => error.code,
  );
  if (code === undefined) return undefined;
  if (code === 'EADDRINUSE')
    return problem(
      `Port ${port} is in use. Stop the program that uses it, or choose another PORT: PORT=8081 npm start`,
    );
  if (code === 'EACCES')
    return problem(`Port ${port} requires privileges. Choose another PORT: PORT=8081 npm start`);
  return problem(
    `HOST must be an address of this machine, such as 127.0.0.1, not ${host} (${code}).`,
    exConfig,
  );
}

function canAccess(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

const canWrite = (path) => canAccess(path, constants.R_OK | constants.W_OK);

const ownClone = 'Use a clone of your own.';

const user = () => `user ${userInfo().username}`;

/**
 * Returns the problem with the folder of generated secrets and the embedded store, or undefined.
 */
function dataProblem({ SQLITE_PATH, JWT_SECRETS, KEY_PEPPERS }) {
  const folder = join(root, '.data');
  if (!existsSync(folder)) {
    if (canWrite(root) || (SQLITE_PATH && JWT_SECRETS && KEY_PEPPERS)) return undefined;
    return problem(
      `${root} is not writable for ${user()}, and npm start keeps keys there. ${ownClone}`,
    );
  }
  const wayOut = 'To start with an empty one: mv .data .data.old';
  if (!statSync(folder).isDirectory())
    return problem(`.data must be a folder. ${wayOut}`, exConfig);
  const files = canWrite(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [folder];
  const refused = files.find((path) => !canWrite(path));
  if (refused === undefined) return undefined;
  return problem(
    `${relative(root, refused)} is not readable and writable for ${user()}. Run npm start as its owner. ${wayOut}`,
    exConfig,
  );
}

/**
 * Returns the first reason why the service cannot be started, or undefined. A reason has one line
 * of text and an exit code.
 */
export const problemBefore = async (args, env) =>
  argumentProblem(args) ??
  platformProblem('npm start') ??
  dataProblem(env) ??
  (await portProblem(env));

/** Returns the problem with a folder that `npm start` has to install and build in, or undefined. */
export function checkoutProblem() {
  const folders = ['', 'node_modules', 'apps/api', 'apps/api/node_modules', 'apps/api/dist'];
  const refused = folders
    .map((folder) => join(root, folder))
    .find((path) => existsSync(path) && !canWrite(path));
  if (refused === undefined) return undefined;
  return problem(
    `${refused} is not writable for ${user()}, and npm start installs and builds there. ${ownClone}`,
  );
}
