import { isIP } from 'node:net';
import { withTimeout } from '@andamio/verification/with-timeout';
import { createClient, ErrorReply } from 'redis';
import { probeRedis, redisPermissions } from './redis-probe.ts';

/** Timeouts and pauses, in milliseconds. */
export interface RedisTimes {
  /** Maximum time that a request waits for a counter (contract, "Failures"). */
  readonly command: number;
  /**
   * Time limit for opening a connection, which includes getting the credentials and running the
   * probe.
   */
  readonly connect: number;
  /**
   * Pause between a failure and the next attempt. It doubles with each failure, up to
   * `longestPause`.
   */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Interval at which credentials are renewed. */
  readonly renewal: number;
}

export const defaultRedisTimes: RedisTimes = {
  command: 300,
  connect: 5_000,
  firstPause: 250,
  longestPause: 10_000,
  renewal: 30_000,
};

export interface RedisCredentials {
  readonly username: string;
  readonly password: string;
}

export interface RedisLinkOptions {
  readonly url: string;
  /** One or more CA certificates in PEM. If undefined, the system's CAs are trusted. */
  readonly ca: string | undefined;
  /** Returns the credentials to connect with. Undefined if the URL contains the password. */
  readonly credentials: (() => Promise<RedisCredentials>) | undefined;
  readonly times: RedisTimes;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /**
   * `onDown` is called once when Redis becomes unusable, with the cause. `onUp` is called once when
   * Redis is usable again.
   */
  readonly onDown: (cause: Error) => void;
  readonly onUp: () => void;
  /** Called when Redis refuses a single command, for example because a value has the wrong type. */
  readonly onRefused: (error: ErrorReply) => void;
}

const isAddress = (url: string) => isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) !== 0;

/**
 * Returns TLS options that trust the given CA. Memorystore creates a CA for each instance, and does
 * not document the names in its certificates. For an IP address, a certificate chain to that CA is
 * therefore enough to identify the instance. Host names are verified as usual.
 * https://cloud.google.com/memorystore/docs/valkey/about-in-transit-encryption
 */
const tlsOf = (url: string, ca: string) =>
  ({ tls: true, ca, ...(isAddress(url) && { checkServerIdentity: () => undefined }) }) as const;

/**
 * Creates a client for a single connection. The client neither reconnects nor queues commands. The
 * library's own command timeout is disabled: it would create an `AbortSignal` for each command,
 * which costs more than the rest of the command. It also applies only until the command is written.
 */
function clientOf({ url, ca, times }: RedisLinkOptions, credentials: RedisCredentials | undefined) {
  return createClient({
    url,
    ...credentials,
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: times.connect,
      reconnectStrategy: false,
      ...(ca !== undefined && tlsOf(url, ca)),
    },
  });
}

type Client = ReturnType<typeof clientOf>;

/** Explanations of error replies that concern the server or the connection, by error code. */
const replies: Readonly<Record<string, string>> = {
  READONLY:
    'The server is a replica. It was a primary before a failover, or the address is that of a replica.',
  LOADING: 'The server is loading its data.',
  MASTERDOWN: 'The server is a replica that has lost its primary.',
  NOAUTH: 'The server requires a password. Set it in REDIS_URL, or set REDIS_AUTH.',
  WRONGPASS: 'The server rejects the user name or the password.',
  NOPERM: `The user lacks a permission. It needs ${redisPermissions}.`,
  OOM: 'The server is out of memory. Raise maxmemory, or set maxmemory-policy to volatile-ttl.',
  MOVED: 'The server is in cluster mode, which the service does not support.',
  CLUSTERDOWN: 'The server is in cluster mode, which the service does not support.',
  MISCONF: 'The server cannot save its data and rejects writes.',
  NOREPLICAS: 'The server lacks the replicas that it must write to.',
  BUSY: 'The server is busy with a script.',
};

/**
 * Returns the error code of a reply if the reply concerns the server or the connection, and not
 * only the command. Up to Redis 7.0, the reply for a denied permission within a script has no code.
 * Up to Redis 6, the code of an error within a script follows the position in the script.
 */
function stateCodeOf(message: string): string | undefined {
  if (message.includes("The user executing the script can't")) return 'NOPERM';
  const [, code = ''] =
    /^(?:(?:ERR Error running script .*|@user_script: \d+): -?)?([A-Z]+)(?: |$)/.exec(message) ??
    [];
  return code in replies ? code : undefined;
}

/**
 * Returns an error reply with secrets removed. If Redis does not know a command, its error message
 * quotes the command's arguments. A server without the command HELLO, for example, quotes the
 * password. These arguments are removed. The password is also masked in the rest of the message,
 * because other servers may word the message differently.
 */
function withoutSecrets({ message }: ErrorReply, password: string | undefined): ErrorReply {
  const known = message.replace(/,? with args beginning with:.*$/s, '');
  return new ErrorReply(password ? known.replaceAll(password, '***') : known);
}

/**
 * Returns an error that describes a failure for the log. A known error reply is replaced with its
 * explanation.
 */
function describe(error: unknown): Error {
  const { message = '', code } = error as NodeJS.ErrnoException;
  const stateCode = stateCodeOf(message);
  if (stateCode !== undefined)
    return new Error(`Redis responded with ${stateCode}. ${replies[stateCode]}`, { cause: error });
  if (error instanceof LateError) return error;
  return new Error(
    `The connection to Redis failed${code === undefined ? '' : ` (${code})`}: ${message}`,
    {
      cause: error,
    },
  );
}

/** Returns the password in a URL, decoded. */
const passwordIn = (url: string) => decodeURIComponent(new URL(url).password);

/**
 * Reports whether an error is an error reply that concerns only a single command, and not the
 * server or the connection.
 */
const isRefusal = (error: unknown): error is ErrorReply =>
  error instanceof ErrorReply && stateCodeOf(error.message) === undefined;

/** Redis, or the source of its credentials, did not respond in time. */
class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * A connection to Redis that is used only while it is known to work.
 *
 * Each command has its own timer. The client library's timeout ends when the command is written, so
 * a server that accepts a command and never replies would block forever.
 *
 * A failure drops the connection, because the address may now belong to another server. A new
 * connection is opened after a pause, which grows while attempts fail. The connection is used once
 * the probe has succeeded on it.
 *
 * An error reply to a single command drops the connection only if the probe then fails as well. For
 * example, if a script cannot read the stored value of one owner, requests of other owners must not
 * be affected.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  #client: Client | undefined;
  #ready = false;
  #reported = false;
  #attempts = 0;
  #pause: number;
  #readySince = 0;
  #probedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #password: string | undefined;
  #server = '';
  #closed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#pause = options.times.firstPause;
    void this.#connect();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /**
   * The id of the connected server process. It changes with a restart or failover. Empty if the
   * server does not report one.
   */
  get server(): string {
    return this.#server;
  }

  /**
   * Sends a command. Any failure drops the connection, and so does an error reply that concerns the
   * server or the connection. Error replies within a reply have the same effect, but they are
   * returned, not thrown.
   *
   * @throws {@link ErrorReply} if Redis refuses the command.
   */
  async send(...command: string[]): Promise<unknown> {
    const client = this.#client;
    if (client === undefined || !this.#ready) throw new Error('Redis is not connected.');
    try {
      const reply = await this.#run(client, command);
      if (Array.isArray(reply))
        for (const part of reply) if (part instanceof ErrorReply) this.#note(client, part);
      return reply;
    } catch (error) {
      this.#note(client, error);
      throw error;
    }
  }

  /** Closes the connection and does not open another. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /**
   * Handles a failed command. If an error reply concerns only the command, reports it and runs the
   * probe again. Any other failure drops the connection.
   */
  #note(client: Client, error: unknown): void {
    if (!isRefusal(error)) this.#fail(client, error);
    else if (!error.message.startsWith('NOSCRIPT')) {
      this.#options.onRefused(withoutSecrets(error, this.#password));
      void this.#probeAgain(client);
    }
  }

  #run(client: Client, command: readonly string[]): Promise<unknown> {
    const { command: milliseconds } = this.#options.times;
    const late = () => new LateError(`Redis did not respond within ${milliseconds} ms.`);
    return withTimeout(milliseconds, client.sendCommand(command), late);
  }

  /**
   * Runs the probe after a refused command, but not again before `longestPause` has passed. A proxy
   * in front of Redis may refuse every command with an unknown reply. The probe then fails, and the
   * connection is dropped.
   */
  async #probeAgain(client: Client): Promise<void> {
    const { times, monotonicNow } = this.#options;
    if (monotonicNow() - this.#probedAt < times.longestPause) return;
    this.#probedAt = monotonicNow();
    try {
      await probeRedis({ send: (...command) => this.#run(client, command) });
    } catch (error) {
      this.#fail(client, error);
    }
  }

  async #connect(): Promise<void> {
    const { times, monotonicNow, onUp } = this.#options;
    const late = () => new LateError(`Redis did not become ready within ${times.connect} ms.`);
    try {
      await withTimeout(times.connect, this.#open(), late);
    } catch (error) {
      this.#attempts++; // Credentials that arrive later are ignored.
      return this.#fail(this.#client, error);
    }
    this.#ready = true;
    this.#readySince = monotonicNow();
    this.#schedule(times.renewal, () => this.#renew());
    if (this.#reported) onUp();
    this.#reported = false;
  }

  async #open(): Promise<void> {
    const { credentials } = this.#options;
    const attempt = ++this.#attempts;
    const found = await credentials?.();
    if (attempt !== this.#attempts || this.#closed) throw new Error('The attempt was abandoned.');
    this.#password = found?.password ?? passwordIn(this.#options.url);
    const client = clientOf(this.#options, found);
    this.#client = client;
    // While the client connects, connect() reports the failure.
    client.on('error', (error) => this.#ready && this.#fail(client, error));
    await client.connect();
    await probeRedis({ send: (...command) => client.sendCommand(command) });
    const described = await client.sendCommand(['INFO', 'server']).catch((error: unknown) => {
      if (error instanceof ErrorReply) return ''; // Some providers do not allow the command.
      throw error;
    });
    this.#server = /^run_id:(\w+)/m.exec(String(described))?.[1] ?? '';
  }

  /**
   * Authenticates again with a newer password. Otherwise, the server would close the connection
   * when the password that opened it expires.
   */
  async #renew(): Promise<void> {
    const { credentials, times } = this.#options;
    const client = this.#client;
    if (credentials === undefined || client === undefined) return;
    const late = () => new LateError('The credentials for Redis could not be renewed in time.');
    // Without newer credentials, the connection continues for as long as the server allows.
    const found = await withTimeout(times.connect, credentials(), late).catch(() => undefined);
    if (client !== this.#client) return;
    if (found !== undefined && found.password !== this.#password) {
      try {
        await this.#run(client, ['AUTH', found.username, found.password]);
        this.#password = found.password;
      } catch (error) {
        return this.#fail(client, error);
      }
    }
    if (client === this.#client) this.#schedule(times.renewal, () => this.#renew());
  }

  /**
   * Drops a connection, reports the failure if it is the first of an outage, and schedules the next
   * attempt.
   */
  #fail(client: Client | undefined, error: unknown): void {
    if (this.#closed || client !== this.#client) return;
    const { times, monotonicNow, onDown } = this.#options;
    const lasted = this.#ready ? monotonicNow() - this.#readySince : 0;
    if (lasted > times.longestPause) this.#pause = times.firstPause;
    this.#drop();
    const cause = error instanceof ErrorReply ? withoutSecrets(error, this.#password) : error;
    if (!this.#reported) onDown(describe(cause));
    this.#reported = true;
    this.#schedule(this.#pause, () => this.#connect());
    this.#pause = Math.min(this.#pause * 2, times.longestPause);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#ready = false;
    clearTimeout(this.#timer);
    client?.destroy();
  }

  #schedule(milliseconds: number, task: () => Promise<void>): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void task(), milliseconds).unref();
  }
}
