import type { AuditEntry } from '@andamio/keys/audit';
import { printable } from '@andamio/schema/printable';
import { counted, table } from '@andamio/schema/terminal-text';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { defineCommand } from '../command.ts';
import { limitOf, userOf } from '../options.ts';

const actorText = ({ actor: { kind, id } }: AuditEntry) =>
  id === undefined ? kind : `${kind} ${printable(id)}`;

export const audit = defineCommand({
  usage: '--user ID [--limit N]',
  summary:
    'Lists the audit log of a user, newest first, including the entry that an erased user leaves.',
  options: { user: { type: 'string' }, limit: { type: 'string' } },
  printsSecret: false,
  plan(values) {
    const userId = userOf(values);
    const limit = limitOf(values);
    return async ({ store }) => {
      const all = await store.readAudit(userId);
      if (all.length === 0) {
        return {
          done: false,
          json: { outcome: 'no_entries' },
          text: ['The audit log has no entries for this user.'],
        };
      }
      const entries = all.slice(0, limit);
      const omitted = all.length - entries.length;
      return {
        done: true,
        json: {
          outcome: 'found',
          entries: entries.map(({ at, actor, action, name, keyId, reason }) => ({
            at: formatTimestamp(at),
            actor_kind: actor.kind,
            actor_id: actor.id ?? null,
            action,
            name: name ?? null,
            key_id: keyId ?? null,
            reason: reason ?? null,
          })),
          omitted,
        },
        text: [
          ...table([
            ['time', 'by', 'action', 'key', 'reason'],
            ...entries.map((entry) => [
              formatTimestamp(entry.at),
              actorText(entry),
              entry.action,
              printable(entry.name ?? ''),
              printable(entry.reason ?? ''),
            ]),
          ]),
          ...(omitted === 0
            ? []
            : [`${counted(omitted, 'older entry', 'older entries')} not shown. Raise --limit.`]),
        ],
      };
    };
  },
});
