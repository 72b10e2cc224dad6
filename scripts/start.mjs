// The command `npm start`. Installs what the service needs, builds it, starts it on the embedded
// store, and prints a request that works when pasted into a shell. In a terminal, all output is
// human-readable. Otherwise, standard output contains only the service's log, and everything else
// is written to standard error.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endAll, exitCodes, onStopSignal, runQuietly, start } from './child-processes.mjs';
import { checkoutProblem, freePort, problemBefore } from './preflight.mjs';
import { build, installation, serviceCommand } from './service.mjs';
import { node24, root } from './toolchain.mjs';

const { HOST: host = '127.0.0.1', PORT, KEY_STORE = 'sqlite', SQLITE_PATH } = process.env;
const isTerminal = process.stdout.isTTY === true;
const people = isTerminal ? process.stdout : process.stderr;

/** The signal that asked the script to stop. */
let stopSignal;
/** Stops the step that is running. Once the service has been started, stops the service instead. */
let stop = async () => {
  say('\nStopped.\n');
  await endAll();
  process.exit(exitCodes[stopSignal]);
};

function requestStop(signal) {
  stopSignal ??= signal;
  void stop();
}

onStopSignal(requestStop);
process.stdout.on('error', () => {
  if (stopSignal !== undefined) return;
  process.stderr.write('The program that read the output has exited. The service is stopping.\n');
  requestStop('SIGTERM');
});
process.stderr.on('error', () => {});

function say(text) {
  people.write(text);
}

const secondsSince = (time) => `${((performance.now() - time) / 1000).toFixed(1)} s`;

function exitIf(problem) {
  if (problem === undefined) return;
  say(`${problem.message}\n`);
  process.exit(problem.exitCode);
}

/** Runs a step, unless it can be skipped. If the step fails, shows its output and exits. */
async function perform(title, { isDone, run }) {
  if (isDone) return;
  exitIf(checkoutProblem());
  say(`${title} ...`);
  const began = performance.now();
  const { code, output } = await run();
  if (stopSignal !== undefined) await new Promise(() => {}); // `stop` ends the script.
  if (code !== 0) {
    say(` failed:\n\n${output.trimEnd()}\n\n${title} failed with exit code ${code}.\n`);
    process.exit(1);
  }
  say(` ${secondsSince(began)}\n`);
}

/** Returns the URL of a service that listens on the given address of this machine. */
function urlOf(address, port) {
  if (['0.0.0.0', '::'].includes(address)) return `http://127.0.0.1:${port}`;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Starts the service. When the service exits, the script exits too. */
function startService(port) {
  const service = start(...serviceCommand, {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', isTerminal ? 'inherit' : 'pipe', 'inherit'],
  });
  service.stdout?.pipe(process.stdout);
  service.once('close', async (code) => {
    await endAll();
    process.exit(process.exitCode ?? code ?? exitCodes[stopSignal] ?? 1);
  });
  stop = async () => {
    service.kill(stopSignal ?? 'SIGTERM');
  };
}

/** Reports whether a request succeeds. */
const succeeds = (url) =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * Waits until the service accepts requests. Resolves to true if the service's store responds too.
 * Checks the store at most twice, because the service logs each failure.
 */
async function becomesReady(url) {
  while (!(await succeeds(`${url}/health/live`))) await delay(50);
  if (await succeeds(`${url}/health/ready`)) return true;
  await delay(1_500);
  return succeeds(`${url}/health/ready`);
}

/** Returns a token that the service accepts, or undefined if only an issuer can sign one. */
async function signedToken() {
  const options = ['--sub', 'you', '--tier', 'enterprise'];
  const { code, stdout } = await runQuietly(node24, ['apps/api/dev/token.ts', ...options]);
  return code === 0 ? stdout.trim() : undefined;
}

/**
 * Returns a command that issues a key. If no token is given, the command reads the variable TOKEN.
 */
function requestCommand(url, name, token) {
  const header =
    token === undefined ? '"Authorization: Bearer $TOKEN"' : `'Authorization: Bearer ${token}'`;
  return `curl ${url}/api/v1/apikey/request -H ${header} -H 'Content-Type: application/json' -d '{"api_key_name": "${name}"}'`;
}

exitIf(await problemBefore(process.argv.slice(2), process.env));
await perform('Installing what the service needs', installation());
await perform('Building the service', build());

// If the store exists, it probably contains the key `MyFirstKey`, so another name is used.
const hasStore = existsSync(resolve(root, SQLITE_PATH ?? '.data/keys.db'));
const name = hasStore ? `Key of ${new Date().toISOString().slice(0, 19)}` : 'MyFirstKey';
const port = Number(PORT ?? 8080) || (await freePort(host));
const url = urlOf(host, port);
const began = performance.now();
startService(port);
const isReady = await becomesReady(url);
const seconds = secondsSince(began);
if (isReady) {
  const token = await signedToken();
  const setting = token === undefined ? "set TOKEN to one of your issuer's tokens and " : '';
  if (stopSignal === undefined)
    say(`Ready after ${seconds}: ${url}/ is the API reference. To request a key, ${setting}paste this into another terminal:
${requestCommand(url, name, token)}
Ctrl-C stops the service. Its keys stay in .data.
`);
} else if (KEY_STORE === 'sqlite') {
  const wayOut = SQLITE_PATH === undefined ? 'mv .data .data.old' : 'set SQLITE_PATH to a new file';
  say(
    `The store does not respond; the log has the reason. To start with an empty one: ${wayOut}\n`,
  );
  process.exitCode = 1;
  void stop();
} else {
  say(`${url}/ is the API reference. The store does not respond; the log has the reason.\n`);
}
