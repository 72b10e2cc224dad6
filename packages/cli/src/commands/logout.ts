import { printable } from '@andamio/schema/printable';
import { defineCommand } from '../command.ts';
import { knownSignIns } from '../login/known-sign-ins.ts';
import { removeStoredKey } from '../stored-key/stored-key.ts';
import { suggestedCommand } from '../suggested-command.ts';
import { minuteOf } from '../text.ts';

export const logout = defineCommand({
  summary: 'Removes the key of the login from this machine.',
  details: [
    'The key stays valid until it expires. Delete it with keys delete, as the output says. The next',
    'sign-in to the service must be confirmed again.',
  ],
  credential: 'none',
  options: {},
  plan: () => async (context) => {
    const { url, environment } = context;
    await knownSignIns.write(url, undefined, environment);
    const login = await removeStoredKey(url, environment);
    if (login === undefined)
      return { json: { removed: false }, text: [], notes: [`There is no login to ${url}.`] };
    const { name, start, expires_at } = login;
    return {
      json: { removed: true, name, start, expires_at },
      text: [],
      notes: [
        `Removed the key ${printable(name)} (${printable(start)}…) from this machine.`,
        `It stays valid until ${minuteOf(expires_at)} UTC. To delete it: ${suggestedCommand('keys delete', context, name)}`,
      ],
    };
  },
});
