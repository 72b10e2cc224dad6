import { digestKeys as digestKeysOf } from '@andamio/verification/digest-keys';
import { defineCommand } from '../command.ts';

export const digestKeys = defineCommand({
  usage: '',
  summary: 'Prints the secret that services check keys with, for the guard: not the peppers, but keep it like them.',
  options: {},
  plan:
    () =>
    async ({ peppers }) => {
      const digest_keys = digestKeysOf(peppers());
      return { done: true, json: { outcome: 'derived', digest_keys }, text: [digest_keys] };
    },
});
