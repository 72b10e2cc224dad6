import { hostname } from 'node:os';
import { type Context, defineCommand } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { readConsoleSettings } from '../login/console-settings.ts';
import { createLoginKey } from '../login/create-login.ts';
import { signIn } from '../login/sign-in.ts';
import { daysOption, integerOf } from '../options.ts';
import { clientOf } from '../service.ts';

const defaultDays = 30;

/** The name of a key that a login creates, such as `cli-laptop`. */
function defaultName(): string {
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 40);
  return `cli-${host || 'unknown'}`;
}

async function byBrowser(
  { name, days }: { readonly name: string; readonly days: number | undefined },
  { clientId, port }: { readonly clientId: string | undefined; readonly port: number | undefined },
  context: Context,
) {
  const { url, environment, terminal } = context;
  const settings = await readConsoleSettings(url);
  if (!settings.signIn) {
    throw new CliError(
      exitCodes.credentials,
      'This service has no sign-in for browsers. Set ANDAMIO_TOKEN to the JWT of your identity provider.',
    );
  }
  const token = await signIn({
    url,
    settings: { ...settings.signIn, ...(clientId !== undefined && { clientId }) },
    environment,
    terminal,
    port,
  });
  const most = settings.maxExpiresInDays ?? defaultDays;
  return createLoginKey(
    clientOf(url, async () => token),
    { name, days: days ?? Math.min(defaultDays, most) },
    context,
  );
}

export const login = defineCommand({
  summary: 'Signs you in with your browser, and stores a new key for this machine.',
  details: [
    'The key is stored in the keychain of the system, or else in a file that only you can read. Of',
    'the token that creates it, nothing is stored. verify, whoami and print-key use the key.',
    'Logging in again replaces the key of the previous login.',
  ],
  credential: 'none',
  options: {
    name: {
      type: 'string',
      value: 'NAME',
      help: 'Name of the key. Default: cli- and the name of this machine.',
    },
    days: daysOption('Days until the key expires. Default: 30, or the maximum of the service.'),
    'client-id': {
      type: 'string',
      value: 'ID',
      help: 'Client id at the identity provider. Default: the client of the console.',
    },
    port: {
      type: 'string',
      value: 'PORT',
      help: 'Port of the redirect address http://127.0.0.1:PORT/. Default: any free port.',
    },
  },
  plan({ values }) {
    const key = {
      name: values.name ?? defaultName(),
      days: integerOf('days', values.days, [1, 999_999_999]),
    };
    const port = integerOf('port', values.port, [1, 65_535]);
    return (context) => byBrowser(key, { clientId: values['client-id'], port }, context);
  },
});
