import { type PepperUse, pepperUses } from '@andamio/keys/peppers';
import { table } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';

function verdictOn({ isConfigured, makesKeys, canBeDropped }: PepperUse): string {
  if (!isConfigured) return 'not configured: its keys are refused';
  if (makesKeys) return 'creates new keys';
  return canBeDropped ? 'can be dropped' : 'still required';
}

export const rehashReport = defineCommand({
  usage: '',
  summary: 'Shows which peppers are still required. Reads all keys.',
  options: {},
  printsSecret: false,
  plan:
    () =>
    async ({ store, peppers, now }) => {
      const versions = peppers().map(({ version }) => version);
      const uses = pepperUses(versions, await store.countKeys(Math.floor(now() / 1000)));
      return {
        done: true,
        json: {
          outcome: 'counted',
          peppers: uses.map((use) => ({
            version: use.version,
            configured: use.isConfigured,
            makes_keys: use.makesKeys,
            unexpired_keys: use.unexpired,
            expired_keys: use.expired,
            can_be_dropped: use.canBeDropped,
          })),
        },
        text: [
          ...table([
            ['pepper', 'unexpired', 'expired', ''],
            ...uses.map((use) => [
              use.version,
              String(use.unexpired),
              String(use.expired),
              verdictOn(use),
            ]),
          ]),
          'Keep a pepper for 24 hours after it stops creating keys: replays of idempotent requests need it.',
        ],
      };
    },
});
