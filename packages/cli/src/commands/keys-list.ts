import { listAllApiKeys } from '@andamio/client';
import { table } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';
import { minuteOf } from '../text.ts';

const heading = ['NAME', 'START', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'REQUESTS'];

export const list = defineCommand({
  summary: 'Lists your keys, with their state, last use and requests of the last 30 days.',
  details: ['Times are UTC. A rolled key whose previous secret is still valid has two lines.'],
  credential: 'token',
  options: {},
  plan:
    () =>
    async ({ client }) => {
      const keys = await listAllApiKeys(client);
      const rows = keys.map((key) => [
        key.name,
        key.start,
        key.state,
        minuteOf(key.created_at),
        minuteOf(key.expires_at),
        key.last_used_at === null ? 'never' : minuteOf(key.last_used_at),
        `${key.requests_30d}`,
      ]);
      return {
        json: { keys },
        text: rows.length === 0 ? [] : table([heading, ...rows]),
        notes: rows.length === 0 ? ['You have no keys.'] : [],
      };
    },
});
