import { runProgram, withoutSecrets } from '../program.ts';

/**
 * The keychain of the operating system. It keeps the keys encrypted while the user is not logged in
 * to the system.
 */
interface Keychain {
  /** The program that gives access to the keychain. */
  readonly program: 'secret-tool' | 'security';
  /** Stores a key for a service. Resolves to false if the key could not be stored. */
  store(url: string, key: string): Promise<boolean>;
  /** Returns the key for a service, or undefined if there is none. */
  find(url: string): Promise<string | undefined>;
  /** Removes the key for a service. */
  remove(url: string): Promise<void>;
}

/**
 * Time limit, in milliseconds, for a call to the keychain. The user may have to unlock the
 * keychain.
 */
const timeoutMs = 120_000;

/**
 * Returns the keychain of Linux desktops: the Secret Service, accessed through libsecret's
 * `secret-tool`.
 */
function secretService(environment: NodeJS.ProcessEnv): Keychain {
  const run = (verb: string, args: readonly string[], input = '') =>
    runProgram('secret-tool', [verb, ...args], { environment, timeoutMs, input, detached: true });
  const attributes = (url: string) => ['service', 'andamio', 'url', url];
  return {
    program: 'secret-tool',
    async store(url, key) {
      const label = `--label=Andamio API key for ${url}`;
      return (await run('store', [label, ...attributes(url)], key)).code === 0;
    },
    async find(url) {
      const { code, stdout } = await run('lookup', attributes(url));
      return code === 0 ? stdout.trim() : undefined;
    },
    async remove(url) {
      await run('clear', attributes(url));
    },
  };
}

/** Returns the keychain of macOS, accessed through `security`. */
function macKeychain(environment: NodeJS.ProcessEnv): Keychain {
  const run = (args: readonly string[], input = '') =>
    runProgram('/usr/bin/security', args, { environment, timeoutMs, input, detached: true });
  // The interactive mode splits its commands as a shell does, so the URL must not contain a quote.
  const item = (url: string) => ['-s', 'andamio', '-a', url.replaceAll("'", '%27')];
  return {
    program: 'security',
    async store(url, key) {
      // The interactive mode reads commands from standard input, so no argument contains the key.
      const command = ['add-generic-password', '-U', ...item(url), '-w', key].join(' ');
      return (await run(['-i'], `${command}\n`)).code === 0;
    },
    async find(url) {
      const { code, stdout } = await run(['find-generic-password', ...item(url), '-w']);
      return code === 0 ? stdout.trim() : undefined;
    },
    async remove(url) {
      await run(['delete-generic-password', ...item(url)]);
    },
  };
}

/**
 * Returns the keychain of the operating system. The keychain may not be installed, or may not work.
 */
export function systemKeychain(environment: NodeJS.ProcessEnv): Keychain {
  const open = process.platform === 'darwin' ? macKeychain : secretService;
  return open(withoutSecrets(environment));
}
