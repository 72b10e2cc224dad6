import { type ConsoleSettings, clockSkewOf } from '@andamio/schema/console-settings';
import { serviceUrl } from '@andamio/schema/service-url';
import type { GetToken } from '../account/service.ts';
import { find } from './find.ts';
import { OpenIdSession, SignInError, type SignInFailure } from './openid-session.ts';

const notice = find<HTMLElement>('#notice');
const section = find<HTMLElement>('#sign-in');
const form = find<HTMLFormElement>('#paste');
const field = find<HTMLInputElement>('#token');
const signOutButton = find<HTMLButtonElement>('#sign-out');

/** Shows a text in the notice above the content. Highlights the text if it describes a problem. */
export function say(text: string, isProblem = true): void {
  notice.classList.toggle('problem', isProblem);
  notice.textContent = text;
}

const failures: Readonly<Record<SignInFailure, (issuer: string) => string>> = {
  denied: (issuer) => `You were not signed in, because ${issuer} was told to refuse access.`,
  foreign: () => 'This answer does not belong to a sign-in of this tab. Sign in again.',
  unavailable: (issuer) => `${issuer} does not respond. Reload this page to try again.`,
  refused: (issuer) =>
    `The sign-in at ${issuer} failed. Try again. If it fails again, tell the operator of this page.`,
};

/** Shows why a sign-in failed. */
function sayFailure(error: unknown, issuer: string): void {
  const reason = error instanceof SignInError ? error.reason : 'refused';
  say(failures[reason](new URL(issuer).host));
}

/**
 * One of the two ways to sign in: at the issuer, or by pasting a token. A page sets up exactly one
 * of them.
 */
interface Method {
  /** The element that asks the user to sign in. */
  readonly panel: HTMLElement;
  readonly getToken: GetToken;
  /** True if the user is signed in, even if the service does not accept the token. */
  readonly isSignedIn: () => boolean;
  /** The text to show when the service no longer accepts the user's token. */
  readonly rejected: string;
  /** Discards the token. */
  forget(): void;
  /** Signs the user out: discards the token, and ends the session as far as possible. */
  end(): void;
  /** Moves the focus to the first control that the user needs. */
  focus(): void;
}

/** Functions that a page provides, which are called when the user signs in or out. */
export interface SignInHandlers {
  /**
   * Called when the user has signed in. Called again when they sign in after their token was
   * rejected.
   *
   * @param getToken returns the user's token. It is the same function in every call.
   * @param draft what `draft` returned before the user left the page to sign in.
   */
  onSignedIn(getToken: GetToken, draft: unknown): void;
  /** Called when the user has signed out. */
  onSignedOut(): void;
  /**
   * Returns what the user has entered on the page, as JSON, or undefined. It is kept in the
   * `sessionStorage` while the browser is at the issuer.
   */
  draft?(): unknown;
}

/** The sign-in of a page. */
export interface SignIn {
  readonly settings: ConsoleSettings;
  /** Asks the user to sign in again, after the service has rejected their token. */
  askAgain(): void;
}

/** Reports whether tokens may be sent to the origin of the page. */
function isSafe(): boolean {
  try {
    serviceUrl('location', location.origin, 'tokens');
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the settings of the console, and the seconds by which the service's clock is ahead of the
 * browser's clock.
 */
async function readSettings(): Promise<{ settings: ConsoleSettings; clockSkew: number }> {
  const response = await fetch('/console/settings.json');
  if (!response.ok) throw new Error(`The response has status ${response.status}.`);
  return {
    settings: (await response.json()) as ConsoleSettings,
    clockSkew: clockSkewOf(response.headers.get('date')),
  };
}

/**
 * Returns a pasted token without leading or trailing white space and without a leading `Bearer`.
 */
const pasted = (text: string): string => text.trim().replace(/^Bearer\s+/i, '');

/** Matches text that can be sent in a header (RFC 6750 section 2.1). */
const isToken = /^[\x21-\x7e]+$/;

/** Sets up the form in which users paste a token. */
function pasteToken(onSignedIn: () => void): Method {
  /** The user's token. It is kept only in this variable and sent with requests. */
  let token: string | null = null;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = pasted(field.value);
    field.value = '';
    token = isToken.test(text) ? text : null;
    if (token !== null) onSignedIn();
    else say(text === '' ? 'Paste a token first.' : 'This is not a token. Paste it again.');
  });
  const forget = () => {
    token = null;
    field.value = '';
  };
  return {
    panel: form,
    getToken: async () => token,
    isSignedIn: () => token !== null,
    rejected: 'The service does not accept your token any more. Paste a new one.',
    forget,
    end: forget,
    focus: () => field.focus(),
  };
}

/** Sets up the button for signing in at the issuer. */
function openIdSignIn(session: OpenIdSession, draft: () => unknown): Method {
  const button = section.querySelector('button') as HTMLButtonElement;
  const { issuer } = session;
  const { host } = new URL(issuer);
  find('#issuer').textContent = host;
  button.addEventListener('click', () => {
    say('');
    session.start(draft()).catch((error: unknown) => sayFailure(error, issuer));
  });
  return {
    panel: section,
    getToken: session.getToken,
    isSignedIn: () => session.isSignedIn,
    rejected: 'The service does not accept your sign-in any more. Sign in again.',
    forget: () => session.forget(),
    end() {
      void session.end();
      const { issuerSignOut } = session;
      say('You are signed out of this page.', false);
      if (issuerSignOut !== undefined) {
        const link = document.createElement('a');
        link.href = issuerSignOut;
        link.textContent = `sign out at ${host} as well`;
        notice.append(' On a shared computer, ', link, '.');
      }
    },
    focus: () => button.focus(),
  };
}

/**
 * Sets up the sign-in of a page. Users sign in at the issuer if the settings name a client.
 * Otherwise, they paste a token. Shows the panel of the sign-in, and resolves when the page can be
 * used.
 *
 * @returns the sign-in, or undefined if users cannot sign in. In that case, the notice says why.
 */
export async function setUpSignIn(handlers: SignInHandlers): Promise<SignIn | undefined> {
  if (!isSafe()) {
    say(
      'This page needs HTTPS, because it sends your token to the service. Open it at an address that begins with https://, or at localhost on the computer that runs the service.',
    );
    return undefined;
  }
  const read = await readSettings().catch(() => undefined);
  if (read === undefined) {
    say('The service does not answer. Check your connection, then reload the page.');
    return undefined;
  }
  const { settings, clockSkew } = read;

  const show = () => {
    say('');
    method.panel.hidden = true;
    signOutButton.hidden = false;
    handlers.onSignedIn(method.getToken, session?.draft);
  };
  const hide = () => {
    handlers.onSignedOut();
    say('');
    method.panel.hidden = false;
    signOutButton.hidden = true;
  };
  const session =
    settings.signIn &&
    new OpenIdSession(settings.signIn, location.origin + location.pathname, clockSkew);
  const method =
    settings.signIn && session ? openIdSignIn(session, () => handlers.draft?.()) : pasteToken(show);

  signOutButton.addEventListener('click', () => {
    hide();
    method.end();
    method.focus();
  });
  // Otherwise, the back/forward cache could show the page with the token again.
  addEventListener('pagehide', () => {
    method.forget();
    hide();
  });

  if (session) {
    say('Signing in…', false);
    await session.complete().then(
      () => say(''),
      (error: unknown) => sayFailure(error, session.issuer),
    );
  }
  if (method.isSignedIn()) show();
  else {
    method.panel.hidden = false;
    method.focus();
  }

  return {
    settings,
    askAgain() {
      say(method.rejected);
      method.panel.hidden = false;
      method.forget();
    },
  };
}
