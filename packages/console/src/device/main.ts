import { ApiError, type DeviceLogin } from '@andamio/client';
import './device.css';
import { type Call, createCall, type GetToken, SignedOut } from '../account/service.ts';
import { find } from '../page/find.ts';
import { say, setUpSignIn } from '../page/sign-in.ts';
import { ago, explain } from './words.ts';

const warning = find<HTMLElement>('#warning');
const entry = find<HTMLFormElement>('#entry');
const codeField = find<HTMLInputElement>('#code');
const decision = find<HTMLElement>('#decision');
const denyButton = find<HTMLButtonElement>('#deny');
const approveButton = find<HTMLButtonElement>('#approve');
const outcome = find<HTMLElement>('#outcome');
const result = find<HTMLElement>('#result');

/** The device login that the page shows. */
let login: DeviceLogin | undefined;

/** Sends requests with the token of the signed-in user. Undefined while nobody is signed in. */
let call: Call | undefined;

/**
 * Shows one view and hides the others. The warning appears only with the views in which the user
 * enters a code or decides.
 */
function show(view: HTMLElement, focus: HTMLElement, text = ''): void {
  for (const each of [entry, decision, outcome]) each.hidden = each !== view;
  warning.hidden = view !== entry && view !== decision;
  say(text);
  focus.focus();
}

/** Discards everything that belongs to the user, and hides all views. */
function clear(): void {
  call = undefined;
  login = undefined;
  codeField.value = '';
  for (const view of [warning, entry, decision, outcome]) view.hidden = true;
}

function askForCode(text = ''): void {
  login = undefined;
  show(entry, codeField, text);
}

const setText = (selector: string, text: string) => {
  find<HTMLElement>(selector).textContent = text;
};

/**
 * Returns a description of the account: the user's id and display name, according to the service.
 */
async function accountName(call: Call): Promise<string> {
  try {
    const { user_id, alias } = await call((client) => client.getUser());
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

/**
 * Runs a request, unless another request is in progress. If the request fails, shows what the user
 * can do.
 */
async function attempt(request: (call: Call) => Promise<void>): Promise<void> {
  if (isBusy || call === undefined) return;
  isBusy = true;
  say('');
  const current = call;
  try {
    await request(current);
  } catch (error) {
    if (call !== current) return; // The user has signed out meanwhile, or changed.
    if (error instanceof SignedOut) {
      clear();
      signIn?.askAgain();
    } else if (error instanceof ApiError && error.code === 'unknown_user_code') {
      askForCode(explain(error));
    } else {
      say(explain(error));
    }
  } finally {
    isBusy = false;
  }
}

async function lookUp(current: Call): Promise<void> {
  const user_code = codeField.value;
  const [found, account] = await Promise.all([
    current((client) => client.approveDeviceLogin({ user_code })),
    accountName(current),
  ]);
  if (call !== current) return;
  codeField.value = '';
  ask(found, account);
}

async function decide(current: Call, choice: 'approve' | 'deny'): Promise<void> {
  if (login === undefined) return;
  const { user_code } = login;
  const { state } = await current((client) =>
    client.approveDeviceLogin({ user_code, decision: choice }),
  );
  if (call !== current) return;
  login = undefined;
  result.textContent =
    state === 'approved' ? 'Approved. Return to your terminal.' : 'Denied. Nothing was created.';
  show(outcome, result);
}

entry.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(lookUp);
});
denyButton.addEventListener('click', () => void attempt((current) => decide(current, 'deny')));
approveButton.addEventListener(
  'click',
  () => void attempt((current) => decide(current, 'approve')),
);
find('#again').addEventListener('click', () => askForCode());

/** Begins again for the user of the token, with the given text. */
function begin(getToken: GetToken, text = ''): void {
  clear();
  const current = createCall(location.origin, getToken, () => {
    if (call !== current) return;
    begin(getToken, 'You are signed in with another account now. Enter the code again.');
  });
  call = current;
  askForCode(text);
}

const signIn = await setUpSignIn({
  onSignedIn: (getToken) => begin(getToken),
  onSignedOut: clear,
});

// A link may contain a code, which must not stay in the address, the history and screenshots.
history.replaceState(null, '', location.pathname);
