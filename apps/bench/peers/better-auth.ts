import { DatabaseSync } from 'node:sqlite';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { performWhenTold } from './perform.ts';

// Its own function for a key, called in process: no HTTP, no token, and a database in memory are to its advantage.
const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the measurement that is long enough',
  database: new DatabaseSync(':memory:'),
  plugins: [apiKey({ rateLimit: { enabled: false } })],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
await (await getMigrations(auth.options)).runMigrations();

const { internalAdapter } = await auth.$context;
const users: string[] = [];
for (let index = 0; index < 1_000; index++) {
  const user = { email: `user-${index}@example.com`, name: `user ${index}`, emailVerified: true };
  users.push((await internalAdapter.createUser(user, { method: 'email-password' })).id);
}

performWhenTold((index) => {
  const userId = users[index % users.length] as string;
  return auth.api.createApiKey({ body: { name: `key ${index}`, userId, expiresIn: 365 * 86_400 } });
});
