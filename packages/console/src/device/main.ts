import { ApiError, createClient, type DeviceLogin } from '@andamio/client';
import { serviceUrl } from '@andamio/schema/service-url';
import './device.css';
import { ago, explain } from './words.ts';

const find = <Type extends Element>(selector: string) => document.querySelector(selector) as Type;

const notice = find<HTMLElement>('#notice');
const signInForm = find<HTMLFormElement>('#sign-in');
const tokenField = find<HTMLInputElement>('#token');
const signOutButton = find<HTMLButtonElement>('#sign-out');
const warning = find<HTMLElement>('#warning');
const entry = find<HTMLFormElement>('#entry');
const codeField = find<HTMLInputElement>('#code');
const decision = find<HTMLElement>('#decision');
const denyButton = find<HTMLButtonElement>('#deny');
const approveButton = find<HTMLButtonElement>('#approve');
const outcome = find<HTMLElement>('#outcome');
const result = find<HTMLElement>('#result');

/** The token of the user. It exists only here and in the requests. */
let token: string | null = null;

/** The login that is on screen. */
let login: DeviceLogin | undefined;

const client = createClient({ baseUrl: location.origin, token: async () => token ?? '' });

/** True if tokens may be sent to the address of the page. */
function isSafe(): boolean {
  try {
    serviceUrl('location', location.origin, 'tokens');
    return true;
  } catch {
    return false;
  }
}

/** Shows one view. The warning belongs to the views that lead to an approval. */
function show(view: HTMLElement, focus: HTMLElement, text = ''): void {
  for (const each of [signInForm, entry, decision, outcome]) each.hidden = each !== view;
  warning.hidden = view !== entry && view !== decision;
  signOutButton.hidden = token === null;
  notice.textContent = text;
  focus.focus();
}

function askForToken(text = ''): void {
  token = null;
  login = undefined;
  tokenField.value = '';
  codeField.value = '';
  show(signInForm, tokenField, text);
}

function askForCode(text = ''): void {
  login = undefined;
  show(entry, codeField, text);
}

const setText = (selector: string, text: string) => {
  find<HTMLElement>(selector).textContent = text;
};

/** Returns the name of the account, as the service knows it. */
async function accountName(): Promise<string> {
  try {
    const { user_id, alias } = await client.getUser();
    return alias === null ? user_id : `${alias} (${user_id})`;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'insufficient_scope')
      return 'the account of your token';
    throw error;
  }
}

function ask(found: DeviceLogin, account: string): void {
  login = found;
  const { user_code, api_key_name, expires_in_days: days, address, requested_at } = found;
  setText('#account', account);
  setText('#shown-code', user_code);
  setText('#asked', ago(requested_at, Date.now()));
  find<HTMLTimeElement>('#asked').dateTime = requested_at;
  setText('#address', address);
  setText('#name', api_key_name);
  setText('#days', days === 1 ? '1 day' : `${days} days`);
  show(decision, denyButton);
}

let isBusy = false;

/** Runs a request unless another one is under way, and says what to do if it fails. */
async function attempt(request: () => Promise<void>): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  notice.textContent = '';
  const current = token;
  try {
    await request();
  } catch (error) {
    // The user has signed out meanwhile.
    if (token !== current || token === null) return;
    if (error instanceof ApiError && error.code === 'unauthenticated')
      askForToken('The service does not accept your token. Paste a new one.');
    else if (error instanceof ApiError && error.code === 'unknown_user_code')
      askForCode(explain(error));
    else notice.textContent = explain(error);
  } finally {
    isBusy = false;
  }
}

async function lookUp(): Promise<void> {
  const user_code = codeField.value;
  const current = token;
  const [found, account] = await Promise.all([
    client.approveDeviceLogin({ user_code }),
    accountName(),
  ]);
  if (token !== current) return;
  codeField.value = '';
  ask(found, account);
}

async function decide(choice: 'approve' | 'deny'): Promise<void> {
  if (login === undefined) return;
  const { user_code } = login;
  const { state } = await client.approveDeviceLogin({ user_code, decision: choice });
  if (token === null) return;
  login = undefined;
  result.textContent =
    state === 'approved' ? 'Approved. Return to your terminal.' : 'Denied. Nothing was created.';
  show(outcome, result);
}

signInForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const pasted = tokenField.value.trim().replace(/^Bearer\s+/i, '');
  tokenField.value = '';
  if (!/^[\x21-\x7e]+$/.test(pasted)) {
    askForToken(pasted === '' ? 'Paste a token first.' : 'This is not a token. Paste it again.');
    return;
  }
  token = pasted;
  askForCode();
});
signOutButton.addEventListener('click', () => askForToken());
entry.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(lookUp);
});
denyButton.addEventListener('click', () => void attempt(() => decide('deny')));
approveButton.addEventListener('click', () => void attempt(() => decide('approve')));
find('#again').addEventListener('click', () => askForCode());

// A link may contain a code, which must not stay in the address, the history and screenshots.
history.replaceState(null, '', location.pathname);

if (isSafe()) {
  // Otherwise, the back/forward cache could show the page with the token again.
  addEventListener('pagehide', () => askForToken());
  askForToken();
} else {
  notice.textContent =
    'This page needs HTTPS, because it sends your token to the service. Open it at an address that begins with https://, or at localhost on the computer that runs the service.';
}
