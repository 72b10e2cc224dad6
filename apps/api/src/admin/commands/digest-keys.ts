import { digestKeys as digestKeysOf } from '@andamio/verification/digest-keys';
import { defineCommand } from '../command.ts';

export const digestKeys = defineCommand({
  usage: '',
  summary:
    'Prints the secret with which a guard verifies keys. It is derived from the peppers. Keep it as secret as the peppers.',
  options: {},
  printsSecret: true,
  plan:
    () =>
    async ({ peppers }) => {
      const digest_keys = digestKeysOf(peppers());
      return { done: true, json: { outcome: 'derived', digest_keys }, text: [digest_keys] };
    },
});
