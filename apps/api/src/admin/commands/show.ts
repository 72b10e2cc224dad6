import { isRemoved } from '@andamio/keys/expiry';
import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import { idsOf } from '@andamio/verification/digest';
import { defineCommand, UsageError } from '../command.ts';
import { describeKey, digestersOf, keyFromInput, noSuchKey, notAKey } from './key.ts';

export const show = defineCommand({
  usage: '--key-stdin',
  summary: 'Shows the owner and state of a key, read from standard input.',
  options: { 'key-stdin': { type: 'boolean' } },
  printsSecret: false,
  plan(values) {
    if (!values['key-stdin'])
      throw new UsageError('--key-stdin is required: keys are read from standard input only.');
    return async (context) => {
      const key = await keyFromInput(context);
      if (key === undefined) return notAKey;
      const found = await context.store.find(idsOf(digestersOf(context), key));
      const nowSeconds = Math.floor(context.now() / 1000);
      if (found === undefined || isRemoved(found.record, nowSeconds)) return noSuchKey(context);
      const { record } = found;
      const isExpired = record.expiresAt <= nowSeconds;
      // The status that was found with an expired key may be older than the owner's.
      const owner = isExpired ? await context.store.inspect(record.userId) : undefined;
      const { tier, suspended } = owner ?? found;
      const state = isExpired ? 'expired' : suspended ? 'suspended' : 'active';
      const described = describeKey(record);
      return {
        done: true,
        json: { outcome: 'found', user_id: record.userId, tier, suspended, state, key: described },
        text: table([
          ['user', printable(record.userId)],
          ['name', printable(record.name)],
          ['state', state],
          ['tier', tier],
          ['created', described.created_at],
          ['expires', described.expires_at],
          ['id', record.id],
        ]),
      };
    };
  },
});
