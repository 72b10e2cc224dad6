import { render } from 'preact';
import { Account } from './account/account.ts';
import { createCall, type GetToken } from './account/service.ts';
import { createFormat } from './format.ts';
import styles from './styles.css';
import { english, type Texts } from './texts.ts';
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
 * `<andamio-keys base-url="https://api.example">`: the API keys of the signed-in user. It shows
 * nothing until `getToken` is set.
 *
 * Attributes: `base-url` is the URL of the service, by default the origin of the page. `max-days`
 * is the maximum number of days for which a key may be valid.
 *
 * Events: `andamio-key-created` and `andamio-key-replaced` with `{name, start, expiresAt}`,
 * `andamio-key-extended` and `andamio-key-deleted` with `{name}`, `andamio-auth-required` if the
 * user must sign in, and `andamio-error` with `{code, status, requestId}`. No event contains a
 * secret.
 */
export class AndamioKeys extends HTMLElement {
  static readonly observedAttributes = ['base-url', 'max-days'];

  readonly #root: ShadowRoot;
  #account: Account | undefined;
  #getToken: GetToken | undefined;
  #texts: Texts = english;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: 'open' });
    this.#root.adoptedStyleSheets = [styleSheet()];
  }

  /**
   * Returns the user's JWT without `Bearer`, or null. The element calls the function before each
   * request. It passes `refresh: true` if the service has rejected the previous token. When the
   * function is set, the element shows the keys of the user whose token the function returns.
   */
  get getToken(): GetToken | undefined {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | undefined) {
    this.#getToken = getToken;
    this.#start();
  }

  /** The texts that the element shows. Assigned texts replace the English texts. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts>) {
    this.#texts = { ...english, ...texts };
    this.#render();
  }

  connectedCallback(): void {
    // A page may have set the properties before the element was defined.
    for (const property of ['getToken', 'texts'] as const) {
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
    if (name === 'base-url') this.#start();
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
    const url = this.getAttribute('base-url') ?? location.origin;
    return url.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
  }

  #stop(): void {
    this.#account?.end();
    this.#account = undefined;
    render(null, this.#root);
  }

  #start(): void {
    this.#stop();
    const getToken = this.#getToken;
    if (!this.isConnected || getToken === undefined) return;
    const account: Account = new Account(
      createCall(this.#baseUrl, getToken, () => {
        if (this.#account === account) this.#start();
      }),
      () => this.#texts,
      () => this.#render(),
      (name, detail) =>
        this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true })),
    );
    this.#account = account;
    void account.load();
  }

  #render(): void {
    const account = this.#account;
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
