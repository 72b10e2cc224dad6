import type { User, VerifiedApiKey } from '@andamio/client';
import { table } from '@andamio/schema/terminal-text';
import { defineCommand, type Report } from '../command.ts';
import { findKey } from '../key-source.ts';

function byToken(url: string, user: User): Report {
  const { user_id, alias, tier, active_keys, expired_keys } = user;
  return {
    json: { url, credential: 'token', user_id, alias, tier },
    text: table([
      ['User', alias === null ? user_id : `${user_id} (${alias})`],
      ['Tier', tier],
      ['Keys', `${active_keys.length} active, ${expired_keys.length} expired`],
      ['Signed in by', 'token'],
      ['Service', url],
    ]),
  };
}

function byKey(url: string, { user_id, name, tier }: VerifiedApiKey): Report {
  return {
    json: { url, credential: 'key', user_id, tier, key_name: name },
    text: table([
      ['User', user_id],
      ['Tier', tier],
      ['Signed in by', `key ${name}`],
      ['Service', url],
    ]),
  };
}

export const whoami = defineCommand({
  summary: 'Shows who you are to the service, and by which credential.',
  details: ['Uses the token if one is given, or else the key. With a key, it counts as a request.'],
  credential: 'token or key',
  options: {},
  plan: () => async (context) => {
    const { url, client, isTokenGiven } = context;
    return isTokenGiven
      ? byToken(url, await client.getUser())
      : byKey(url, await client.verifyApiKey(await findKey(false, context)));
  },
});
