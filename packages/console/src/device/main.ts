import { ApiError, type DeviceLogin } from '@andamio/client';
import './device.css';
import { type Call, createConnection, type GetToken, SignedOut } from '../account/service.ts';
import { find } from '../page/find.ts';
import { say, setUpSignIn } from '../page/sign-in.ts';
import { texts } from './texts.ts';
import { ago, explain } from './words.ts';

const warning = find<HTMLElement>('#warning');
const entry = find<HTMLFormElement>('#entry');
const codeField = find<HTMLInputElement>('#code');
const decision = find<HTMLElement>('#decision');
const denyButton = find<HTMLButtonElement>('#deny');
const second = find<HTMLElement>('#second');
const secondDenyButton = find<HTMLButtonElement>('#second-deny');
const outcome = find<HTMLElement>('#outcome');
const result = find<HTMLElement>('#result');
const takeBackButton = find<HTMLButtonElement>('#take-back');

const views = [entry, decision, second, outcome];

/** The device login that the page shows. */
let login: DeviceLogin | undefined;

/** Sends requests with the token of the signed-in user. Undefined while nobody is signed in. */
let call: Call | undefined;

/** Returns the current time of the service in Unix milliseconds. */
let now = Date.now;

/**
 * Shows one view and hides the others. The warning appears only with the views in which the user
 * enters a code or decides.
 */
function show(view: HTMLElement, focus: HTMLElement, text = ''): void {
  for (const each of views) each.hidden = each !== view;
  warning.hidden = view === outcome;
  say(text);
  focus.focus();
}

/** Discards everything that belongs to the user, and hides all views. */
function clear(): void {
  call = undefined;
  login = undefined;
  codeField.value = '';
  for (const view of [warning, ...views]) view.hidden = true;
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
      return texts.unnamedAccount;
    throw error;
  }
}

function ask(found: DeviceLogin, account: string): void {
  login = found;
  const { user_code, api_key_name, address, same_network: isSame, requested_at } = found;
  setText('#account', account);
  setText('#shown-code', user_code);
  setText('#asked', ago(requested_at, now()));
  find<HTMLTimeElement>('#asked').dateTime = requested_at;
  setText('#address', address);
  setText('#network', isSame ? texts.decision.sameNetwork : texts.decision.otherNetwork);
  setText('#name', api_key_name);
  setText('#key', texts.decision.keyFor(found.expires_in_days));
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
    if (call !== current) return; // Meanwhile, the user has signed out or changed.
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
  if (found.state === 'pending') ask(found, account);
  else showOutcome(found, found.state);
}

/** The state of a device login after the user's decision. */
type Decided = Exclude<DeviceLogin['state'], 'pending'>;

/**
 * Shows how a device login ended, or that it is approved. The user can take the approval back.
 *
 * @param state the state of the login, or `deleted` if its key was deleted.
 */
function showOutcome(of: DeviceLogin, state: Decided | 'deleted'): void {
  login = of;
  const { takeBackText, deletedText, [state]: heading } = texts.outcome;
  const isApproved = state === 'approved' || state === 'redeemed';
  setText('#result', heading);
  const deleted = state === 'deleted' ? deletedText(of.api_key_name) : '';
  setText('#result-text', isApproved ? takeBackText : deleted);
  takeBackButton.hidden = !isApproved;
  show(outcome, result);
}

/** Sends a decision of the user. Returns the state of the login after the decision. */
async function send(
  current: Call,
  user_code: string,
  choice: 'approve' | 'deny',
): Promise<Decided> {
  try {
    await current((client) => client.approveDeviceLogin({ user_code, decision: choice }));
    return choice === 'approve' ? 'approved' : 'denied';
  } catch (error) {
    if (error instanceof ApiError && error.code === 'device_login_redeemed') return 'redeemed';
    throw error;
  }
}

async function decide(current: Call, choice: 'approve' | 'deny'): Promise<void> {
  const of = login;
  if (of === undefined) return;
  const state = await send(current, of.user_code, choice);
  if (call === current) showOutcome(of, state);
}

/**
 * Approves the device login. If the program is in another network than this browser, asks the user
 * a second time instead.
 */
async function approve(current: Call): Promise<void> {
  if (login === undefined || login.same_network) return decide(current, 'approve');
  setText('#second-text', texts.second.text(login.address));
  show(second, secondDenyButton);
}

/** Deletes the key of a device login. */
async function deleteKey(current: Call, api_key_name: string): Promise<void> {
  try {
    await current((client) => client.deleteApiKey({ api_key_name }));
  } catch (error) {
    // The key was deleted before.
    if (!(error instanceof ApiError && error.code === 'no_such_key')) throw error;
  }
}

/** Takes an approval back. If the program already has its key, deletes the key. */
async function takeBack(current: Call): Promise<void> {
  const of = login;
  if (of === undefined) return;
  const state = await send(current, of.user_code, 'deny');
  if (state === 'redeemed') await deleteKey(current, of.api_key_name);
  if (call === current) showOutcome(of, state === 'redeemed' ? 'deleted' : state);
}

/** Runs a request when the user clicks a button. */
const onClick = (selector: string, request: (call: Call) => Promise<void>) =>
  find(selector).addEventListener('click', () => void attempt(request));

entry.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(lookUp);
});
for (const selector of ['#deny', '#second-deny'])
  onClick(selector, (current) => decide(current, 'deny'));
onClick('#approve', approve);
onClick('#second-approve', (current) => decide(current, 'approve'));
onClick('#take-back', takeBack);
find('#again').addEventListener('click', () => askForCode());

/** Shows the page's first step to the signed-in user: asks for a code, and shows the given text. */
function begin(getToken: GetToken, text = ''): void {
  clear();
  const connection = createConnection(location.origin, () => getToken, {
    onOtherUser: () => {
      if (call === connection.call) begin(getToken, texts.entry.otherAccount);
    },
  });
  call = connection.call;
  now = connection.now;
  askForCode(text);
}

const signIn = await setUpSignIn({
  onSignedIn: (getToken) => begin(getToken),
  onSignedOut: clear,
});

// A link may contain a code, which must not stay in the address, the history and screenshots.
history.replaceState(null, '', location.pathname);
