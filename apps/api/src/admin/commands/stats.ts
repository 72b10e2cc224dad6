import { table } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';

export const stats = defineCommand({
  usage: '',
  summary: 'Counts owners and keys. Reads all keys.',
  options: {},
  printsSecret: false,
  plan:
    () =>
    async ({ store, now }) => {
      const [owners, keys] = await Promise.all([
        store.countOwners(),
        store.countKeys(Math.floor(now() / 1000)),
      ]);
      const sum = (state: 'active' | 'superseded' | 'expired') =>
        keys.reduce((total, count) => total + count[state], 0);
      const states = {
        active: sum('active'),
        superseded: sum('superseded'),
        expired: sum('expired'),
      };
      const byPepper = keys.map(({ pepperVersion, active, superseded, expired }) => [
        pepperVersion,
        active + superseded + expired,
      ]);
      const { total, suspended, byTier } = owners;
      return {
        done: true,
        json: {
          outcome: 'counted',
          owners: { total, suspended, by_tier: byTier },
          keys: { ...states, by_pepper_version: Object.fromEntries(byPepper) },
        },
        text: table([
          ['owners', String(total)],
          ['  suspended', String(suspended)],
          ...Object.entries(byTier).map(([tier, count]) => [`  ${tier}`, String(count)]),
          ['keys', ''],
          ...Object.entries(states).map(([state, count]) => [`  ${state}`, String(count)]),
          ...byPepper.map(([version, count]) => [`  under pepper ${version}`, String(count)]),
        ]),
      };
    },
});
