import type { Client } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { failureOf } from './failure.ts';
import { createdIfLost } from './service.ts';
import { type Origin, suggestedCommand } from './suggested-command.ts';
import { tryDelete } from './try-delete.ts';

/**
 * Deletes a new key that could neither be printed nor stored. Returns a message about the result.
 */
export async function deleteLost(client: Client, name: string, origin: Origin): Promise<string> {
  const deletion = await tryDelete(client, name);
  if (deletion.outcome === 'deleted') return `The key ${printable(name)} was deleted again.`;
  const rest =
    deletion.outcome === 'unknown'
      ? createdIfLost(name, origin)
      : `The key ${printable(name)} exists, but is lost. To delete it: ${suggestedCommand('keys delete', origin, name)}`;
  return `${failureOf(deletion.error).message}\n${rest}`;
}
