/** Information about the running `admin.js serve` that the operators' page shows. */
export interface About {
  /** A description of the store. */
  readonly store: string;
  /** Whether the store is a database at Google, rather than a file or the emulator. */
  readonly live: boolean;
  /** The name under which the audit log records changes. */
  readonly operator: string;
  /** Number of minutes without a request after which `admin.js serve` ends. */
  readonly idle_minutes: number;
  readonly tiers: readonly string[];
  /** Descriptions of the commands, by the command's name. */
  readonly commands: Readonly<Record<string, string>>;
}

/** The options of a command, as on the command line without the leading dashes. */
export type Options = Readonly<Record<string, string | boolean>>;

/** The report of a command. `Result` is the type of the command's output with `--json`. */
export interface Report<Result = object> {
  /** False if there was nothing to show or change, or if the change was refused. */
  readonly done: boolean;
  readonly json: Result;
  readonly text: readonly string[];
}

/** The preview of a change that was not made yet. */
export interface Preview {
  readonly text: readonly string[];
}

/** A key in the report of `list` or `show`. */
interface StoredKey {
  /** Identifies the key for `revoke`. The page does not show it. */
  readonly id: string;
  readonly name: string;
  /** The key with all but its first characters masked. */
  readonly api_key: string;
  readonly created_at: string;
  readonly expires_at: string;
}

/** The result types of the commands that only read, by the command's name. */
export interface Results {
  readonly users: {
    readonly users: readonly {
      readonly user_id: string;
      readonly tier: string;
      readonly suspended: boolean;
      readonly created_at: string | null;
    }[];
    readonly has_more: boolean;
  };
  readonly list: {
    readonly tier: string;
    readonly suspended: boolean;
    readonly created_at: string | null;
    readonly keys: readonly (StoredKey & {
      readonly state: 'active' | 'superseded' | 'expired';
      readonly last_used_at: string | null;
    })[];
  };
  readonly usage: {
    readonly day: { readonly requests: number; readonly quota: number };
    readonly month: { readonly requests: number; readonly quota: number };
  };
  readonly audit: {
    readonly entries: readonly {
      readonly at: string;
      readonly actor_kind: string;
      readonly actor_id: string | null;
      readonly action: string;
      readonly name: string | null;
      readonly reason: string | null;
    }[];
    readonly omitted: number;
  };
  readonly show: {
    readonly user_id: string;
    readonly tier: string;
    readonly suspended: boolean;
    readonly state: 'active' | 'suspended' | 'expired';
    readonly key: StoredKey;
  };
  readonly stale: {
    readonly keys: readonly (StoredKey & {
      readonly user_id: string;
      readonly last_used_at: string | null;
    })[];
    readonly has_more: boolean;
  };
  readonly stats: {
    readonly owners: {
      readonly total: number;
      readonly suspended: number;
      readonly by_tier: Readonly<Record<string, number>>;
    };
    readonly keys: {
      readonly active: number;
      readonly superseded: number;
      readonly expired: number;
    };
  };
  readonly 'rehash-report': {
    readonly peppers: readonly {
      readonly version: string;
      readonly configured: boolean;
      readonly makes_keys: boolean;
      readonly unexpired_keys: number;
      readonly expired_keys: number;
      readonly can_be_dropped: boolean;
    }[];
  };
}

/** An error that the operators' page shows. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /**
   * Whether the session is no longer valid, for example because `admin.js serve` was started again.
   */
  readonly isSessionOver: boolean;

  constructor(message: string, isSessionOver = false) {
    super(message);
    this.isSessionOver = isSessionOver;
  }
}

/** The connection to `admin.js serve`. All functions throw {@link RequestError}. */
export interface Service {
  about(): Promise<About>;
  /** Executes a command that only reads, and returns its report. */
  read<Name extends keyof Results>(
    command: Name,
    options: Options,
    input?: string,
  ): Promise<Report<Results[Name]>>;
  /** Returns what a change would do. Returns a report instead if there is nothing to change. */
  preview(command: string, options: Options): Promise<Preview | Report>;
  /** Executes a command, and returns its report. */
  execute(command: string, options: Options, input?: string): Promise<Report>;
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new RequestError(
      'admin.js serve does not respond. If it has ended, run it again and open the new address.',
    );
  }
  const body = await response.json();
  if (response.ok) return body;
  throw new RequestError(body.error, response.status === 401);
}

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Exchanges the token in the page's address for a session. */
export async function openSession(token: string): Promise<string> {
  const { session } = (await send('/session', post({ token }))) as { readonly session: string };
  return session;
}

/** Creates the functions that send requests with a session. */
export function connect(session: string): Service {
  const headers = { Authorization: `Bearer ${session}` };
  const run = (command: string, body: object) => send(`/commands/${command}`, post(body, headers));
  return {
    about: async () => (await send('/about', { headers })) as About,
    read: async (command, options, input = '') =>
      (await run(command, { options, input })) as Report<Results[typeof command]>,
    preview: async (command, options) =>
      (await run(command, { options, preview: true })) as Preview | Report,
    execute: async (command, options, input = '') =>
      (await run(command, { options, input })) as Report,
  };
}
