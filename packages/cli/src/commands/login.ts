import { hostname } from 'node:os';
import { type Context, defineCommand, type Report } from '../command.ts';
import { CliError, exitCodes, usageError } from '../exit-code.ts';
import { canOpenBrowser } from '../login/browser.ts';
import { readConsoleSettings } from '../login/console-settings.ts';
import { createLoginKey } from '../login/create-login.ts';
import { logInByDevice, NoDeviceLoginError } from '../login/device.ts';
import { type SignInOptions, signInToService } from '../login/sign-in-to-service.ts';
import { daysOption, integerOf } from '../options.ts';

const defaultDays = 30;

/** The validated options of a login. */
interface LoginOptions extends SignInOptions {
  readonly isDevice: boolean;
  readonly name: string | undefined;
  readonly days: number | undefined;
}

/**
 * Returns the default name of a key: the name of this machine, without characters that are not
 * allowed in the name of a key, and the time. The time is needed because the key of the previous
 * login keeps its name until the new key has been created.
 */
function machineAndTime({ now }: Context): string {
  const machine = hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 40);
  const time = new Date(now()).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  return `${machine || 'unknown'}-${time}`;
}

/**
 * Logs in with a browser, or with a code if there is no browser. If the options contain an OAuth
 * client or a port, always uses a browser. The browser may then be on another machine, which
 * forwards the port to this one.
 */
async function logIn(options: LoginOptions, context: Context): Promise<Report> {
  const { maximumDays, signIn } = await readConsoleSettings(context.url);
  if (options.days !== undefined && options.days > maximumDays)
    throw usageError(`--days must be at most ${maximumDays} for this service.`);
  const days = options.days ?? Math.min(defaultDays, maximumDays);

  const byBrowser = async (): Promise<Report> => {
    if (signIn === undefined) {
      throw new CliError(
        exitCodes.credentials,
        'This service has no sign-in for programs. Set ANDAMIO_TOKEN to the JWT of your identity provider.',
      );
    }
    const signedIn = await signInToService(signIn, options, context);
    const name = options.name ?? `cli-${machineAndTime(context)}`;
    return createLoginKey(signedIn, { name, days }, context);
  };
  const byDevice = () =>
    logInByDevice({ name: options.name ?? machineAndTime(context), days }, context);

  if (options.isDevice) return byDevice();
  if (options.clientId !== undefined || options.port !== undefined) return byBrowser();
  if (signIn !== undefined && canOpenBrowser(context.environment)) return byBrowser();
  try {
    return await byDevice();
  } catch (error) {
    if (!(error instanceof NoDeviceLoginError)) throw error;
    // The user may still be able to open the address, for example if this is a container whose
    // ports are forwarded.
    return byBrowser();
  }
}

export const login = defineCommand({
  summary: 'Signs you in, and stores a new key for this machine.',
  details: [
    'Opens your browser. Where there is none, or with --device, shows a code that you enter in a',
    'browser on another device. The key is stored in the keychain of the system, or else in a file',
    'that only you can read; the token that creates it is not stored. verify, whoami and print-key',
    'use the key. Logging in again with a browser replaces the previous key. --client-id and --port',
    'require the browser, which may be on another machine if you forward the port.',
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
      help: 'Client id at the identity provider, also for later commands. Default: as the service says.',
    },
    port: {
      type: 'string',
      value: 'PORT',
      help: 'Port of the address http://127.0.0.1:PORT/, also for later commands. Default: any free one.',
    },
  },
  plan({ values }) {
    const options = {
      isDevice: values.device === true,
      name: values.name,
      days: integerOf('days', values.days, [1, 999_999_999]),
      clientId: values['client-id'],
      port: integerOf('port', values.port, [1, 65_535]),
    };
    if (options.isDevice && (options.clientId !== undefined || options.port !== undefined))
      throw usageError('--client-id and --port have no effect with --device.');
    return (context) => logIn(options, context);
  },
});
