// The command `npm start`. Installs and builds the service, starts it on the embedded store, and
// prints a request that works when pasted into a shell.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { install, node24, pnpm, required, root } from './toolchain.mjs';

/**
 * Exits if the port is in use. Without this check, the service would report it only after
 * installing and building.
 */
async function assertPortIsFree() {
  const { PORT: port = '8080', HOST: host = '127.0.0.1' } = process.env;
  const probe = createServer();
  const code = await new Promise((resolve) => {
    probe.once('error', (error) => resolve(error.code));
    // For an invalid PORT or HOST, the check passes, and the service reports the error later.
    probe.listen({ port: /^\d{1,5}$/.test(port) ? Number(port) : 0, host }, () =>
      resolve(undefined),
    );
  });
  probe.close();
  if (code !== 'EADDRINUSE') return;
  process.stderr.write(
    `Port ${port} is in use. Stop the program that uses it, or choose another port: PORT=8081 npm start\n`,
  );
  process.exit(1);
}

await assertPortIsFree();
await required(install, () => pnpm('build', '--filter=@andamio/api'));

const service = spawn(node24, ['apps/api/dist/main.js'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill(signal));
service.once('exit', (code) => process.exit(code ?? 1));

/** Prints a request that issues a key, including a valid token. */
function printRequest(port) {
  const { stdout } = spawnSync(
    node24,
    ['apps/api/dev/token.ts', '--sub', 'you', '--tier', 'growth'],
    { cwd: root },
  );
  const token = stdout.toString().trim();
  const lines = [
    '',
    'The service is listening. Request a key:',
    '',
    `curl -X POST http://127.0.0.1:${port}/api/v1/apikey/request -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"api_key_name": "MyFirstKey"}'`,
    '',
    'Other tokens: npm run token -- --sub alice --tier starter',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

for await (const line of createInterface({ input: service.stdout })) {
  process.stdout.write(`${line}\n`);
  if (line.includes('"message":"listening"')) printRequest(JSON.parse(line).port);
}
