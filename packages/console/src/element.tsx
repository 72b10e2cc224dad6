import { render } from 'preact';
import { Account, type Draft } from './account/account.ts';
import { type Connection, createConnection, type GetToken } from './account/service.ts';
import { createFormat } from './format.ts';
import styles from './styles.css';
import { english, type OwnTexts, type Texts, textsWith } from './texts.ts';
import { App } from './views/app.tsx';

declare global {
  interface HTMLElementTagNameMap {
    'andamio-keys': AndamioKeys;
  }
}

/**
 * Maximum number of days if the page sets no `max-days`: a hundred years, which is the largest
 * value that MAX_EXPIRES_IN_DAYS can have.
 */
const anyNumberOfDays = 36_500;

/** The content of the element if the page has set it up wrongly. */
const SetUpWrongly = ({ text }: { readonly text: string }) => (
  <div class="root">
    <p class="problem" role="alert">
      {text}
    </p>
  </div>
);

let sharedSheet: CSSStyleSheet | undefined;

/**
 * Returns the element's style sheet. A constructed style sheet is allowed even by Content Security
 * Policies without 'unsafe-inline'.
 */
function styleSheet(): CSSStyleSheet {
  if (sharedSheet === undefined) {
    sharedSheet = new CSSStyleSheet();
    sharedSheet.replaceSync(styles);
  }
  return sharedSheet;
}

/**
 * Returns the URL of the service without a trailing slash.
 *
 * @param attribute the value of `base-url`, or null if the element has none.
 */
const baseUrlOf = (attribute: string | null): string =>
  (attribute ?? location.origin).replace(/\/+$/, '').replace(/\/api\/v1$/, '');

/**
 * `<andamio-keys base-url="https://api.example">`: the API keys of the signed-in user. It shows
 * nothing until `getToken` is set.
 *
 * Attributes: `base-url` is the URL of the service, by default the origin of the page. `max-days`
 * is the maximum number of days for which a key may be valid.
 *
 * Events: `andamio-key-created` and `andamio-key-replaced` with `{name, start, expiresAt}`,
 * `andamio-key-extended` and `andamio-key-deleted` with `{name}`, `andamio-auth-required` if the
 * user must sign in, and `andamio-error` with `{code, status, requestId}`. If `base-url` is wrong,
 * the code is `invalid_base_url`. No event contains a secret.
 */
export class AndamioKeys extends HTMLElement {
  static readonly observedAttributes = ['base-url', 'max-days'];

  readonly #root: ShadowRoot;
  #account: Account | undefined;
  #connection: Connection | undefined;
  #getToken: GetToken | undefined;
  #texts: Texts = english;
  #draft: Draft | undefined;
  /** True if `base-url` is not a URL to which tokens may be sent. */
  #hasWrongUrl = false;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: 'open' });
    this.#root.adoptedStyleSheets = [styleSheet()];
  }

  /**
   * Returns the user's JWT without `Bearer`, or null. The element calls the function before each
   * request. It passes `refresh: true` if the service has rejected the previous token.
   *
   * When the function is set for the first time, the element shows the keys of the user whose token
   * the function returns. A function that replaces another is asked at once. If it returns a token
   * of the same user, everything on screen stays, since frameworks assign a new function whenever
   * they render the page. If it returns a token of another user, the element starts over.
   */
  get getToken(): GetToken | undefined {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | undefined) {
    const before = this.#getToken;
    this.#getToken = getToken ?? undefined;
    // The element starts once with a wrong base-url, so that a page that renders again after the
    // event does not cause another one.
    if (this.#hasWrongUrl && this.#getToken !== undefined) return;
    if (this.#account === undefined || this.#getToken === undefined) this.#start();
    else if (this.#getToken !== before) void this.#checkToken(this.#account);
  }

  /**
   * The open dialog as JSON, with what the user has entered and the `Idempotency-Key` of its
   * request, but without tokens and keys. Undefined if no dialog is open.
   *
   * A page that has to leave for the sign-in stores it, and assigns it afterwards before
   * {@link getToken}. If the user is the same, the dialog opens again.
   */
  get draft(): Draft | undefined {
    return this.#account?.draft ?? this.#draft;
  }

  set draft(draft: Draft | undefined) {
    this.#draft = draft;
  }

  /** The texts that the element shows. Texts that are not assigned are English. */
  get texts(): Texts {
    return this.#texts;
  }

  set texts(texts: OwnTexts | undefined) {
    this.#texts = textsWith(texts);
    this.#render();
  }

  connectedCallback(): void {
    // A page may have set the properties before the element was defined.
    for (const property of ['draft', 'getToken', 'texts'] as const) {
      if (!Object.hasOwn(this, property)) continue;
      const value = this[property];
      delete this[property];
      Object.assign(this, { [property]: value });
    }
    if (this.#account === undefined) this.#start();
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === 'base-url' && baseUrlOf(before) !== baseUrlOf(after)) this.#start();
    else this.#render();
  }

  /**
   * Reads the keys again, for example after the user has signed in again. If `getToken` now returns
   * the token of another user, the element starts over and shows that user's keys.
   */
  async refresh(): Promise<void> {
    await this.#account?.load();
  }

  get #baseUrl(): string {
    return baseUrlOf(this.getAttribute('base-url'));
  }

  /** Asks a function that has replaced another for a token. Reads the keys if it was missing. */
  async #checkToken(account: Account): Promise<void> {
    if (await this.#connection?.checkToken()) await account.continueSignedIn();
  }

  #stop(): void {
    this.#account?.end();
    this.#account = undefined;
    this.#connection = undefined;
    this.#hasWrongUrl = false;
    render(null, this.#root);
  }

  #start(): void {
    this.#stop();
    if (!this.isConnected || this.#getToken === undefined) return;
    const connection = this.#connect();
    if (connection === undefined) return;
    const account = new Account(
      connection,
      () => this.#texts,
      () => this.#render(),
      (name, detail) => this.#dispatch(name, detail),
    );
    this.#account = account;
    this.#connection = connection;
    if (this.#draft) account.restore(this.#draft);
    this.#draft = undefined;
    void account.load();
  }

  /**
   * Creates the connection to the service. If `base-url` is wrong, shows that instead, and returns
   * undefined. An error would end the rendering of the page that has set `getToken`.
   */
  #connect(): Connection | undefined {
    const isCurrent = () => this.#connection === connection;
    let connection: Connection | undefined;
    try {
      connection = createConnection(
        this.#baseUrl,
        () => (isCurrent() ? this.#getToken : undefined),
        {
          onNewToken: () => {
            if (isCurrent()) this.#account?.onNewToken();
          },
          onOtherUser: () => {
            if (isCurrent()) this.#start();
          },
        },
      );
    } catch {
      this.#hasWrongUrl = true;
      this.#render();
      this.#dispatch('andamio-error', {
        code: 'invalid_base_url',
        status: undefined,
        requestId: undefined,
      });
    }
    return connection;
  }

  #dispatch(name: string, detail: Readonly<Record<string, unknown>>): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #render(): void {
    const account = this.#account;
    if (this.#hasWrongUrl) render(<SetUpWrongly text={this.#texts.errors.baseUrl} />, this.#root);
    if (account === undefined) return;
    const maximumDays = Number(this.getAttribute('max-days') ?? anyNumberOfDays);
    const ui = {
      account,
      texts: this.#texts,
      format: createFormat(this.#texts.locale),
      baseUrl: this.#baseUrl,
      maximumDays: maximumDays >= 1 ? Math.floor(maximumDays) : anyNumberOfDays,
    };
    render(<App ui={ui} />, this.#root);
  }
}
