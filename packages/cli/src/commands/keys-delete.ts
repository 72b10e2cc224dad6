import { type ApiKeyInList, listAllApiKeys } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { counted } from '@andamio/schema/terminal-text';
import { type Context, defineCommand, type Report } from '../command.ts';
import { CliError, exitCodes, usageError } from '../exit-code.ts';
import { minuteOf } from '../text.ts';

const canceled: Report = {
  json: { outcome: 'canceled' },
  text: [],
  notes: ['Nothing was deleted.'],
  exitCode: exitCodes.refused,
};

function lastUseOf(secrets: readonly ApiKeyInList[]): string {
  // All times from the service have the same format, so they can be compared as text.
  const latest = secrets
    .flatMap(({ last_used_at }) => last_used_at ?? [])
    .toSorted()
    .at(-1);
  return latest === undefined ? 'It was never used' : `Last used on ${minuteOf(latest)} UTC`;
}

async function isConfirmed({ client, terminal }: Context, name: string): Promise<boolean> {
  const secrets = (await listAllApiKeys(client)).filter((key) => key.name === name);
  const current = secrets.find(({ state }) => state !== 'previous');
  if (current === undefined)
    throw new CliError(exitCodes.refused, 'You have no key with this name.');
  const requests = `${counted(current.requests_30d, 'request')} in the last 30 days`;
  terminal.note(
    `${printable(current.name)} (${printable(current.start)}…): ${lastUseOf(secrets)}, ${requests}.`,
  );
  return terminal.isConfirmed('Delete this key? Programs that use it stop working.');
}

export const deleteKey = defineCommand({
  parameter: 'NAME',
  summary: 'Deletes a key. It stops working within seconds.',
  details: ['On a terminal, shows the key and its last use, and asks.'],
  credential: 'token',
  options: {
    yes: { type: 'boolean', help: 'Do not ask. Required without a terminal.' },
  },
  plan({ values, parameter, isTerminal }) {
    if (!values.yes && !isTerminal) throw usageError('Without a terminal, --yes is required.');
    return async (context) => {
      if (!values.yes && !(await isConfirmed(context, parameter))) return canceled;
      const answer = await context.client.deleteApiKey({ api_key_name: parameter });
      return { json: answer, text: [`Deleted the key ${printable(parameter)}.`] };
    };
  },
});
