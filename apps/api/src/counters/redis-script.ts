import { hash } from 'node:crypto';

/** The part of a Redis connection that scripts need. */
export interface Connection {
  /** Sends a command and resolves to the reply. Rejects if the reply is an error. */
  send(...command: string[]): Promise<unknown>;
}

/** A Lua script that runs atomically in Redis. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export const script = (text: string): Script => ({ text, sha1: hash('sha1', text) });

/**
 * Runs a script by its hash. Sends the text of the script if the server does not have it, for
 * example after a restart.
 */
export async function run(
  connection: Connection,
  { text, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args.map(String)];
  try {
    return await connection.send('EVALSHA', sha1, ...rest);
  } catch (error) {
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return connection.send('EVAL', text, ...rest);
  }
}
