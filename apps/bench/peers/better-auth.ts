import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { bearer } from 'better-auth/plugins';
import { listen } from '../harness/listen.ts';

// The HTTP handler of better-auth. Its rate limits are disabled and its database is in memory. Both
// make better-auth faster.
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
const userIds: string[] = [];
for (let index = 0; index < 1_000; index++) {
  const user = { email: `user-${index}@example.com`, name: `user ${index}`, emailVerified: true };
  const { id } = await internalAdapter.createUser(user, { method: 'email-password' });
  userIds.push(id);
  sessions.push((await internalAdapter.createSession(id)).token);
}

/** Creates a key for each user. */
async function createKeys(): Promise<string[]> {
  const created = userIds.map((userId) =>
    auth.api.createApiKey({ body: { userId, name: 'MyFirstKey' } }),
  );
  return (await Promise.all(created)).map(({ key }) => key);
}

/** Verifies a key by a function call, because better-auth has no HTTP endpoint for verification. */
async function verify(key: string): Promise<object | undefined> {
  const { valid, key: found } = await auth.api.verifyApiKey({ body: { key } });
  return valid && found !== null
    ? { user_id: found.referenceId, name: found.name, expires_at: found.expiresAt }
    : undefined;
}

const handle = toNodeHandler(auth);
const server = createServer(async (request, response) => {
  if (request.url === '/sessions') return response.end(JSON.stringify(sessions));
  if (request.url === '/keys') return response.end(JSON.stringify(await createKeys()));
  if (request.url !== '/verify') return handle(request, response);
  const verified = await verify(String(request.headers['x-api-key']));
  response.statusCode = verified === undefined ? 401 : 200;
  response.setHeader('Content-Type', 'application/json');
  return response.end(JSON.stringify(verified));
});
await listen(server);
