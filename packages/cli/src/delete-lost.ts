import type { Client } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { failureOf } from './failure.ts';
import { type Origin, suggestedCommand } from './suggested-command.ts';

/**
 * Deletes a new key that could neither be printed nor stored. Returns a message about the result.
 */
export async function deleteLost(client: Client, name: string, origin: Origin): Promise<string> {
  try {
    await client.deleteApiKey({ api_key_name: name });
    return `The key ${printable(name)} was deleted again.`;
  } catch (error) {
    return `${failureOf(error).message}
The key ${printable(name)} exists, but is lost. To delete it: ${suggestedCommand('keys delete', origin, name)}`;
  }
}
