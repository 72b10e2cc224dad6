import type { Change, Decision, RehashCommand, RehashOutcome, View } from '../model.ts';
import { locatedSecret } from './located-secret.ts';

/**
 * Decides whether a secret is rehashed: stored under a key id with another pepper, in place of its
 * current key id.
 */
export function decideRehash(
  view: View,
  { from, to, now }: RehashCommand,
): Decision<RehashOutcome> {
  const secret = locatedSecret(view, now);
  if (secret === undefined || secret.id !== from) return { outcome: 'no_such_key', changes: [] };

  const { userId, name } = secret;
  const record = { ...secret, ...to };
  const replacement: readonly Change[] =
    secret === view.key
      ? [{ type: 'replace_secret', replacedId: from, record }]
      : [
          { type: 'remove', secret: 'previous', name, id: from },
          { type: 'supersede', record },
        ];
  const actor = { kind: 'service' } as const;
  const entry = { at: now, actor, action: 'key.redigested', userId, name, keyId: to.id } as const;
  return { outcome: 'rehashed', changes: [...replacement, { type: 'append_audit_entry', entry }] };
}
