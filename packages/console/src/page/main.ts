import { serviceUrl } from '@andamio/schema/service-url';
import '../main.ts';
import './page.css';

/** The settings of the service that concern the console, at `/console/settings.json`. */
interface ConsoleSettings {
  /** `MAX_EXPIRES_IN_DAYS`; null if it is not set. */
  readonly maxExpiresInDays: number | null;
}

const find = <Type extends Element>(selector: string) => document.querySelector(selector) as Type;

const keys = find<HTMLElementTagNameMap['andamio-keys']>('andamio-keys');
const form = find<HTMLFormElement>('#sign-in');
const field = find<HTMLInputElement>('#token');
const notice = find<HTMLElement>('#notice');
const signOutButton = find<HTMLButtonElement>('#sign-out');

/** True if tokens may be sent to the address of the page. */
function isSafe(): boolean {
  try {
    serviceUrl('location', location.origin, 'tokens');
    return true;
  } catch {
    return false;
  }
}

/** The token of the user. It exists only here and in the requests. */
let token: string | null = null;

/** Returns the token as pasted, without white space at the ends and without a leading `Bearer`. */
const pasted = (text: string): string => text.trim().replace(/^Bearer\s+/i, '');

function askForToken(text: string): void {
  token = null;
  notice.textContent = text;
  form.hidden = false;
}

function signIn(): void {
  token = pasted(field.value);
  field.value = '';
  if (token === '') {
    askForToken('Paste a token first.');
    return;
  }
  notice.textContent = '';
  form.hidden = true;
  signOutButton.hidden = false;
  // After a token has expired, the element keeps its content and reads the keys again.
  if (keys.hidden) {
    keys.hidden = false;
    keys.getToken = async () => token;
  } else {
    void keys.refresh();
  }
}

function signOut(): void {
  keys.hidden = true;
  keys.getToken = undefined;
  signOutButton.hidden = true;
  field.value = '';
  askForToken('');
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn();
});
signOutButton.addEventListener('click', () => {
  signOut();
  field.focus();
});
keys.addEventListener('andamio-auth-required', () => {
  if (token !== null)
    askForToken('The service does not accept your token any more. Paste a new one.');
});

if (isSafe()) {
  // Otherwise, the back/forward cache could show the page with the token again.
  addEventListener('pagehide', signOut);
  askForToken('');
} else {
  notice.textContent =
    'The console needs HTTPS, because it sends your token to the service. Open it at an address that begins with https://, or at localhost on the computer that runs the service.';
}

// The form is already shown, so the user can sign in while the settings load.
const response = await fetch('/console/settings.json').catch(() => undefined);
const { maxExpiresInDays = null }: Partial<ConsoleSettings> = response?.ok
  ? await response.json()
  : {};
if (maxExpiresInDays !== null) keys.setAttribute('max-days', String(maxExpiresInDays));
