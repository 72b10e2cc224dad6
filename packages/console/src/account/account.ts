import {
  ApiError,
  type Client,
  type DailyUsage,
  type IssuedApiKey,
  listAllApiKeys,
  type Usage,
} from '@andamio/client';
import type { Texts } from '../texts.ts';
import { type Problem, problemOf } from './problem.ts';
import { type Call, type Connection, OutcomeUnknown, untilAnswered } from './service.ts';
import { type Key, keysOf } from './visible-keys.ts';

/** The dialog that is open: one that creates a key, or one that changes a key. */
export type Task =
  | { readonly kind: 'create' }
  | { readonly kind: 'extend' | 'replace' | 'delete'; readonly key: Key };

/** What the user has entered in a dialog. */
export interface Fields {
  readonly name?: string;
  readonly days?: { readonly value: string; readonly isOther: boolean };
  /** Seconds for which the old secret keeps working. */
  readonly grace?: number;
}

/** The contents of an open dialog. */
export interface Form {
  fields: Fields;
  /**
   * The newest request: a text that identifies its input, and its `Idempotency-Key`. Undefined
   * before the first request.
   */
  request?: { readonly contents: string; readonly idempotencyKey: string };
}

/**
 * An open dialog as JSON. A page that has to leave for the sign-in stores it, and opens the dialog
 * again afterwards. It contains no token and no key.
 */
export interface Draft extends Form {
  /** The issuer and subject of the user whose dialog it is. */
  readonly user: string;
  readonly kind: Task['kind'];
  /** The name of the key to change. Undefined if the dialog creates a key. */
  readonly keyName: string | undefined;
  /** True if the newest request may have been processed although no answer says so. */
  readonly isInDoubt: boolean;
}

/**
 * A new secret. Only {@link State} refers to it, and only until the user closes the dialog that
 * shows it.
 */
export interface Reveal {
  readonly name: string;
  readonly secret: string;
  /** The expiry of the replaced secret (RFC 3339). Undefined for a new key. */
  readonly previousExpiry: string | undefined;
}

/** Everything that the element `<andamio-keys>` shows, apart from the contents of its forms. */
export interface State {
  /** The user's keys. Undefined until they are read for the first time. */
  readonly keys: readonly Key[] | undefined;
  readonly usage: Usage | undefined;
  /** Requests by key name and UTC day (`2026-11-30`). Undefined if they could not be read. */
  readonly requests: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  readonly isLoading: boolean;
  readonly isOnline: boolean;
  /** True if the service has refused a change because the user's token does not allow any. */
  readonly isReadOnly: boolean;
  /**
   * True after a request failed because the user must sign in. False after the next request that
   * succeeds.
   */
  readonly isSignedOut: boolean;
  /** The reason why the last read failed. The element keeps showing the keys read earlier. */
  readonly problem: Problem | undefined;
  readonly task: Task | undefined;
  readonly reveal: Reveal | undefined;
  /** The text that screen readers announce. */
  readonly announcement: string;
}

/** Dispatches an event to the page. The detail never contains a secret. */
export type Report = (name: string, detail: Readonly<Record<string, unknown>>) => void;

/** The options of a write that a {@link Task} makes. */
export interface WriteOptions {
  /** Called before each retry of a write that received no answer. */
  readonly onRetry: () => void;
  /**
   * Identifies the change. Retries of the same change have the same value. It is sent as
   * `Idempotency-Key`, by which the service recognizes retries, except when a key is deleted.
   */
  readonly idempotencyKey: string;
}

const day = 86_400_000;

/**
 * Maximum age, in milliseconds, of the list of keys when a dialog to delete or replace a key opens.
 * An older list is read again. The service reports the last use of a key to the minute.
 */
const freshness = 60_000;

/** The longest delay of a timer in milliseconds. A timer with a longer delay fires at once. */
const maximumDelay = 2 ** 31 - 1;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Returns the last 30 UTC days in the format `2026-11-30`, ending with the current day. */
export const last30Days = (now: number): string[] =>
  Array.from({ length: 30 }, (_, index) => dateOf(now - (29 - index) * day));

function requestsByName({ usage }: DailyUsage): Map<string, Map<string, number>> {
  const byName = new Map<string, Map<string, number>>();
  for (const { api_key_name: name, date, requests } of usage) {
    const byDate = byName.get(name) ?? new Map<string, number>();
    byName.set(name, byDate.set(date, requests));
  }
  return byName;
}

/**
 * The state that the element `<andamio-keys>` shows to the signed-in user, and the actions that the
 * user can take. It stores no token. It stores a new secret only until the user closes the dialog
 * that shows it.
 */
export class Account {
  #state: State = {
    keys: undefined,
    usage: undefined,
    requests: undefined,
    isLoading: false,
    isOnline: navigator.onLine,
    isReadOnly: false,
    isSignedOut: false,
    problem: undefined,
    task: undefined,
    reveal: undefined,
    announcement: '',
  };
  readonly #call: Call;
  /** Returns the current time of the service in Unix milliseconds. */
  readonly now: () => number;
  readonly #user: () => string | undefined;
  readonly #texts: () => Texts;
  readonly #onChange: () => void;
  readonly #report: Report;
  readonly #ended = new AbortController();
  /** Number of the newest read of the list. The results of older reads are dropped. */
  #reads = 0;
  /** True if keys, usage and quota were read by the newest {@link load}. */
  #isComplete = false;
  /** When the newest list was requested, in milliseconds of the monotonic clock. */
  #readAt = Number.NEGATIVE_INFINITY;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /**
   * The changes of the open dialog that may have been made although no answer says so, by their
   * `idempotencyKey`.
   */
  readonly #inDoubt = new Set<string>();
  /** The contents of the open dialog. Changing them renders nothing. */
  #form: Form = { fields: {} };
  /** The dialog that opens when the keys are read, if the user is still the same. */
  #draft: Draft | undefined;
  /** True if a write of the open dialog has shown that the list may differ from the service's. */
  #isListDoubtful = false;

  constructor(
    { call, now, user }: Pick<Connection, 'call' | 'now' | 'user'>,
    texts: () => Texts,
    onChange: () => void,
    report: Report,
  ) {
    this.#call = call;
    this.now = now;
    this.#user = user;
    this.#texts = texts;
    this.#onChange = onChange;
    this.#report = report;
    const { signal } = this.#ended;
    addEventListener('online', () => void this.#setOnline(true), { signal });
    addEventListener('offline', () => void this.#setOnline(false), { signal });
    addEventListener(
      'beforeunload',
      (event) => {
        if (this.#state.reveal) event.preventDefault();
      },
      { signal },
    );
  }

  get state(): State {
    return this.#state;
  }

  /** Stops the account. It discards the revealed secret and ignores later answers. */
  end(): void {
    this.#ended.abort();
    clearTimeout(this.#retry);
    this.#state = { ...this.#state, reveal: undefined, task: undefined };
  }

  #set(change: Partial<State>): void {
    if (this.#ended.signal.aborted) return;
    this.#state = { ...this.#state, ...change };
    this.#onChange();
  }

  async #setOnline(isOnline: boolean): Promise<void> {
    this.#set({ isOnline });
    if (isOnline) await this.load();
  }

  /**
   * Reads keys, usage and quota. If that fails, shows the error and keeps the data read earlier.
   */
  async load(): Promise<void> {
    this.#isComplete = false;
    await this.#read(async () => {
      const [keys, usage, requests] = await Promise.all([
        this.#call(listAllApiKeys),
        this.#call((client) => client.getUsage()),
        this.#readRequests(),
      ]);
      return { keys: keysOf(keys), usage, requests };
    });
  }

  /**
   * Reads the requests of the last 30 days. Reads them again if the answer shows that the service
   * has another day than the browser.
   */
  async #readRequests(): Promise<Map<string, Map<string, number>>> {
    const today = this.now();
    const daily = await this.#call((client) =>
      client.getDailyUsage({ start_date: dateOf(today - 29 * day), end_date: dateOf(today) }),
    );
    return dateOf(today) === dateOf(this.now()) ? requestsByName(daily) : this.#readRequests();
  }

  /** Shows the actions again, because a new token may allow changes. */
  onNewToken(): void {
    if (this.#state.isReadOnly) this.#set({ isReadOnly: false });
  }

  /** Reads the keys if the user was signed out, or if the last read failed without a token. */
  async continueSignedIn(): Promise<void> {
    const { isSignedOut, problem } = this.#state;
    if (isSignedOut || problem?.kind === 'token-unavailable') await this.load();
  }

  /**
   * Reads the keys after a change to a key. If the last {@link load} failed or is still running,
   * reads usage and quota too. This drops the results of a load that is still running.
   */
  async #loadKeys(): Promise<void> {
    if (!this.#isComplete) return this.load();
    await this.#read(async () => ({ keys: keysOf(await this.#call(listAllApiKeys)) }));
  }

  async #read(read: () => Promise<Partial<State>>): Promise<void> {
    clearTimeout(this.#retry);
    const number = ++this.#reads;
    const startedAt = performance.now();
    this.#set({ isLoading: true });
    const change = await read().catch((error: unknown) => this.#failed(error));
    if (number !== this.#reads) return;
    if (change.keys !== undefined) {
      this.#readAt = startedAt;
      this.#set({ isSignedOut: false });
    }
    const { keys } = change;
    if (change.usage !== undefined) this.#isComplete = true;
    this.#set({ problem: undefined, ...change, isLoading: false });
    if (keys !== undefined) this.#openDraft(keys);
    const { retryAt } = this.#state.problem ?? {};
    if (retryAt !== undefined && !this.#ended.signal.aborted) {
      const delay = Math.min(retryAt - Date.now(), maximumDelay);
      this.#retry = setTimeout(() => void this.load(), delay);
    }
  }

  /** Returns the properties of the state that change after a failed read. */
  #failed(error: unknown): Partial<State> {
    return { problem: this.#problemOf(error) };
  }

  /** Returns the problem that describes an error, and dispatches an event about it to the page. */
  #problemOf(error: unknown): Problem {
    const problem = problemOf(error, this.#texts());
    if (this.#ended.signal.aborted) return problem;
    if (problem.kind === 'signed-out') {
      // Before the page asks the user to sign in, its sign-in must be reachable beside the dialog.
      this.#set({ isSignedOut: true });
      this.#report('andamio-auth-required', {});
    } else if (error instanceof ApiError)
      this.#report('andamio-error', {
        code: (error as ApiError).code,
        status: (error as ApiError).status,
        requestId: (error as ApiError).requestId,
      });
    return problem;
  }

  /**
   * Opens the dialog of a task. Before a key is deleted or replaced, reads the keys again if the
   * list is older than a minute, so that the dialog shows the latest use.
   */
  open(task: Task): void {
    this.#open(task, { fields: {} });
  }

  #open(task: Task, form: Form, isInDoubt = false): void {
    this.#form = form;
    this.#inDoubt.clear();
    if (isInDoubt && form.request) this.#inDoubt.add(form.request.idempotencyKey);
    this.#isListDoubtful = isInDoubt;
    this.#set({ task, announcement: '' });
    const isAboutUse = task.kind === 'delete' || task.kind === 'replace';
    if (isAboutUse && performance.now() - this.#readAt > freshness) void this.#loadKeys();
  }

  /** The contents of the open dialog. */
  get form(): Form {
    return this.#form;
  }

  /** True if the newest request of the open dialog may have been processed. */
  get isInDoubt(): boolean {
    const { request } = this.#form;
    return request !== undefined && this.#inDoubt.has(request.idempotencyKey);
  }

  /** The open dialog as JSON. Undefined if no dialog is open, or if the user is not known. */
  get draft(): Draft | undefined {
    const { task } = this.#state;
    const user = this.#user();
    if (task === undefined || user === undefined) return undefined;
    const keyName = task.kind === 'create' ? undefined : task.key.name;
    return { ...this.#form, user, kind: task.kind, keyName, isInDoubt: this.isInDoubt };
  }

  /** Opens the dialog of a draft once the keys are read, if it is a draft of the same user. */
  restore(draft: Draft): void {
    this.#draft = draft;
  }

  #openDraft(keys: readonly Key[]): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft === undefined || draft.user !== this.#user() || this.#state.task) return;
    const { kind, keyName, fields, request, isInDoubt } = draft;
    const key = keys.find(({ name }) => name === keyName);
    const form = { fields, ...(request && { request }) };
    if (kind === 'create') this.#open({ kind }, form, isInDoubt);
    else if (key !== undefined) this.#open({ kind, key }, form, isInDoubt);
  }

  /**
   * Closes the dialog of the task. Reads the keys again if a change may have been made, or if the
   * service refused a change because of the user's keys.
   */
  close(): void {
    this.#set({ task: undefined });
    if (this.#isListDoubtful) void this.#loadKeys();
  }

  /** Closes the dialog that shows a new secret, and discards the secret. */
  closeReveal(): void {
    this.#set({ reveal: undefined });
  }

  /**
   * Creates a key and shows it.
   *
   * @returns the reason why the key could not be created, or undefined if it was created.
   */
  create(name: string, days: number, options: WriteOptions): Promise<Problem | undefined> {
    return this.#write(
      (client) =>
        client.requestApiKey(
          { api_key_name: name, expires_in_days: days },
          { idempotencyKey: options.idempotencyKey },
        ),
      options,
      (key) => {
        this.#report('andamio-key-created', describe(key));
        return {
          reveal: { name, secret: key.api_key, previousExpiry: undefined },
          announcement: this.#texts().created(name),
        };
      },
    );
  }

  /**
   * Replaces the secret of a key and shows the new secret.
   *
   * @param grace seconds for which the old secret keeps working.
   * @returns the reason why the secret could not be replaced, or undefined if it was replaced.
   */
  replace({ name }: Key, grace: number, options: WriteOptions): Promise<Problem | undefined> {
    return this.#write(
      (client) =>
        client.rollApiKey(
          { api_key_name: name, grace_seconds: grace },
          { idempotencyKey: options.idempotencyKey },
        ),
      options,
      (key) => {
        this.#report('andamio-key-replaced', describe(key));
        return {
          reveal: { name, secret: key.api_key, previousExpiry: key.previous_expires_at },
          announcement: this.#texts().replaced(name),
        };
      },
    );
  }

  /**
   * Extends a key.
   *
   * @returns the reason why the key could not be extended, or undefined if it was extended.
   */
  extend({ name }: Key, days: number, options: WriteOptions): Promise<Problem | undefined> {
    return this.#write(
      (client) =>
        client.rotateApiKey(
          { api_key_name: name, expires_in_days: days },
          { idempotencyKey: options.idempotencyKey },
        ),
      options,
      () => {
        this.#report('andamio-key-extended', { name });
        return { announcement: this.#texts().extended(name) };
      },
    );
  }

  /**
   * Deletes a key.
   *
   * @returns the reason why the key could not be deleted, or undefined if it was deleted.
   */
  delete({ name }: Key, options: WriteOptions): Promise<Problem | undefined> {
    return this.#write(
      (client) =>
        client.deleteApiKey({ api_key_name: name }).catch((error: unknown) => {
          // An earlier attempt, which got no answer, has deleted the key.
          const isDeleted =
            this.#inDoubt.has(options.idempotencyKey) &&
            error instanceof ApiError &&
            (error as ApiError).code === 'no_such_key';
          if (!isDeleted) throw error;
        }),
      options,
      () => {
        this.#report('andamio-key-deleted', { name });
        const keys = this.#state.keys?.filter((key) => key.name !== name);
        return { keys, announcement: this.#texts().deleted(name) };
      },
    );
  }

  async #write<T>(
    write: (client: Client) => Promise<T>,
    { idempotencyKey, onRetry }: WriteOptions,
    changeOf: (answer: T) => Partial<State>,
  ): Promise<Problem | undefined> {
    const { signal } = this.#ended;
    const attempt = () =>
      this.#call(write).catch((error: unknown) => {
        if (error instanceof ApiError && (error as ApiError).mayHaveBeenProcessed)
          this.#inDoubt.add(idempotencyKey);
        throw error;
      });
    try {
      const answer = await untilAnswered(attempt, signal, onRetry);
      if (signal.aborted) return undefined;
      this.#set({ ...changeOf(answer), isSignedOut: false, task: undefined });
      void this.#loadKeys();
      return undefined;
    } catch (error) {
      const problem = this.#problemOf(error);
      if (problem.kind === 'read-only') this.#set({ isReadOnly: true });
      const isInDoubt = this.#inDoubt.has(idempotencyKey);
      this.#isListDoubtful ||= isInDoubt || problem.isFinal === true;
      // The service refuses some retries before it looks whether an earlier attempt succeeded.
      if (!isInDoubt || problem.isFinal || error instanceof OutcomeUnknown) return problem;
      const { unknownOutcome } = this.#texts().errors;
      return { ...problem, isInDoubt: true, text: `${unknownOutcome} ${problem.text}` };
    }
  }
}

/** Returns the detail of an event about a key. It does not contain the secret. */
const describe = ({ name, api_key, expires_at }: IssuedApiKey) => ({
  name,
  start: api_key.slice(0, 8),
  expiresAt: expires_at,
});
