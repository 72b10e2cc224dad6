import { hostname } from 'node:os';
import { type Context, defineCommand, type Report } from '../command.ts';
import { CliError, exitCodes, usageError } from '../exit-code.ts';
import { canOpenBrowser } from '../login/browser.ts';
import { readConsoleSettings } from '../login/console-settings.ts';
import { createLoginKey } from '../login/create-login.ts';
import { logInByDevice, NoDeviceLoginError } from '../login/device.ts';
import { signInToService } from '../login/sign-in-to-service.ts';
import { daysOption, integerOf } from '../options.ts';
import { clientOf } from '../service.ts';

const defaultDays = 30;

/** The validated options of a login. */
interface LoginOptions {
  readonly name: string | undefined;
  readonly days: number | undefined;
  readonly clientId: string | undefined;
  readonly port: number | undefined;
}

/**
 * Returns the name of this machine, without characters that the name of a key may not contain, and
 * the minute. The key of the previous login keeps its name until the new key has been created.
 */
function machineAndTime({ now }: Context): string {
  const machine = hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 40);
  const minute = new Date(now()).toISOString().slice(0, 16).replaceAll(/[T:]/g, '-');
  return `${machine || 'unknown'}-${minute}`;
}

/** Logs in with a browser. Returns undefined if the service has no sign-in for browsers. */
async function byBrowser(
  { name, days, clientId, port }: LoginOptions,
  context: Context,
): Promise<Report | undefined> {
  const { url, isUrlOption, environment, terminal } = context;
  const { signIn: configured, maxExpiresInDays } = await readConsoleSettings(url);
  if (!configured) return undefined;
  const maximum = maxExpiresInDays ?? Number.POSITIVE_INFINITY;
  if (days !== undefined && days > maximum)
    throw usageError(`--days must be at most ${maximum} for this service.`);
  const settings = { ...configured, ...(clientId !== undefined && { clientId }) };
  const token = await signInToService({
    url,
    isUrlOption,
    settings,
    environment,
    terminal,
    port,
  });
  const key = {
    name: name ?? `cli-${machineAndTime(context)}`,
    days: days ?? Math.min(defaultDays, maximum),
  };
  return createLoginKey(
    clientOf(url, async () => token),
    key,
    context,
  );
}

/** Logs in with the device authorization grant. */
function byDevice({ name, days }: LoginOptions, context: Context): Promise<Report> {
  return logInByDevice({ name: name ?? machineAndTime(context), days }, context);
}

async function logIn(options: LoginOptions, context: Context): Promise<Report> {
  const noSignIn = () =>
    new CliError(
      exitCodes.credentials,
      'This service has no sign-in for programs. Set ANDAMIO_TOKEN to the JWT of your identity provider.',
    );
  if (canOpenBrowser(context.environment)) {
    const report = await byBrowser(options, context);
    if (report !== undefined) return report;
  }
  try {
    return await byDevice(options, context);
  } catch (error) {
    if (!(error instanceof NoDeviceLoginError)) throw error;
    // The user may be able to open the address, such as in a container whose ports are forwarded.
    const report = await byBrowser(options, context);
    if (report === undefined) throw noSignIn();
    return report;
  }
}

export const login = defineCommand({
  summary: 'Signs you in, and stores a new key for this machine.',
  details: [
    'Opens your browser. Where there is none, or with --device, shows a code that you enter in a',
    'browser on another device. The key is stored in the keychain of the system, or else in a file',
    'that only you can read; the token that creates it is not stored. verify, whoami and print-key',
    'use the key. Logging in again with a browser replaces the previous key.',
  ],
  credential: 'none',
  options: {
    device: { type: 'boolean', help: 'Use a code, even if there is a browser.' },
    name: {
      type: 'string',
      value: 'NAME',
      help: 'Name of the key. Default: this machine and the time, after cli- or device-.',
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
    const options = {
      name: values.name,
      days: integerOf('days', values.days, [1, 999_999_999]),
      clientId: values['client-id'],
      port: integerOf('port', values.port, [1, 65_535]),
    };
    return (context) => (values.device ? byDevice(options, context) : logIn(options, context));
  },
});
