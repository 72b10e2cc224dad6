import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { bearer } from 'better-auth/plugins';

// Its own HTTP handler, with its limits off and its database in memory, both to its advantage.
const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the measurement that is long enough',
  database: new DatabaseSync(':memory:'),
  plugins: [apiKey({ rateLimit: { enabled: false } }), bearer()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
await (await getMigrations(auth.options)).runMigrations();

const { internalAdapter } = await auth.$context;
const sessions: string[] = [];
for (let index = 0; index < 1_000; index++) {
  const user = { email: `user-${index}@example.com`, name: `user ${index}`, emailVerified: true };
  const { id } = await internalAdapter.createUser(user, { method: 'email-password' });
  sessions.push((await internalAdapter.createSession(id)).token);
}

const handle = toNodeHandler(auth);
const server = createServer((request, response) =>
  request.url === '/sessions' ? response.end(JSON.stringify(sessions)) : void handle(request, response),
);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port, message: 'listening' })}\n`);
});
