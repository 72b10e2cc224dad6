import { runProgram, withoutSecrets } from '../program.ts';

/** The name of an item of the keychain. Items with different attributes never match each other. */
export interface ItemName {
  readonly attribute: 'login' | 'url';
  readonly value: string;
}

/**
 * The keychain of the operating system. It keeps the keys encrypted while the user is not logged in
 * to the system.
 */
export interface Keychain {
  /** The program that gives access to the keychain. */
  readonly program: 'secret-tool' | 'security';
  /**
   * Stores a key, in place of an item with the same name. Resolves to false if the key could not be
   * stored.
   *
   * @param label a description for the user
   */
  store(name: ItemName, label: string, key: string): Promise<boolean>;
  /** Returns the key of an item, or undefined if there is none. */
  find(name: ItemName): Promise<string | undefined>;
  /** Removes an item. */
  remove(name: ItemName): Promise<void>;
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
  const attributes = ({ attribute, value }: ItemName) => ['service', 'andamio', attribute, value];
  return {
    program: 'secret-tool',
    async store(name, label, key) {
      return (await run('store', [`--label=${label}`, ...attributes(name)], key)).code === 0;
    },
    async find(name) {
      const { code, stdout } = await run('lookup', attributes(name));
      return code === 0 ? stdout.trim() : undefined;
    },
    async remove(name) {
      await run('clear', attributes(name));
    },
  };
}

/** Returns the keychain of macOS, accessed through `security`. */
function macKeychain(environment: NodeJS.ProcessEnv): Keychain {
  const run = (args: readonly string[], input = '') =>
    runProgram('/usr/bin/security', args, { environment, timeoutMs, input, detached: true });
  // The interactive mode splits its commands as a shell does, so the account must contain no space,
  // quote or backslash. A URL can contain only the quote.
  const item = ({ attribute, value }: ItemName) => {
    const account = attribute === 'url' ? value : encodeURI(value);
    return ['-s', 'andamio', '-a', account.replaceAll("'", '%27')];
  };
  return {
    program: 'security',
    async store(name, label, key) {
      // The interactive mode reads commands from standard input, so no argument contains the key.
      const quoted = `'${label.replaceAll("'", '%27')}'`;
      const command = ['add-generic-password', '-U', ...item(name), '-l', quoted, '-w', key];
      return (await run(['-i'], `${command.join(' ')}\n`)).code === 0;
    },
    async find(name) {
      const { code, stdout } = await run(['find-generic-password', ...item(name), '-w']);
      return code === 0 ? stdout.trim() : undefined;
    },
    async remove(name) {
      await run(['delete-generic-password', ...item(name)]);
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
