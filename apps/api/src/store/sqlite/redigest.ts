// Runs within a transaction that nobody else writes in.
import type { RedigestCommand, RedigestOutcome } from '../../keys/store.ts';
import { audit } from './audit.ts';
import type { Statements } from './statements.ts';

/** Gives a secret the id of its new digest in place of the one before. */
export function redigest(statements: Statements, { from, to, now }: RedigestCommand): RedigestOutcome {
  const values = [to.id, to.pepperVersion, from, now] as const;
  const row = statements.redigestKey.get(...values) ?? statements.redigestSuperseded.get(...values);
  if (row === undefined) return 'no_such_key';
  const { user_id: userId, name } = row as { readonly user_id: string; readonly name: string };
  audit(statements, { at: now, actor: { kind: 'service' }, action: 'key.redigested', userId, name, keyId: to.id });
  return 'redigested';
}
