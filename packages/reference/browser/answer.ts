import { keyPattern } from '@andamio/schema/key-format';
import { copyOnClick } from './copy.ts';
import { all, element } from './elements.ts';

/** A response of the service, with its body as text. */
export interface ReceivedAnswer {
  readonly response: Response;
  readonly text: string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wholeKey = new RegExp(keyPattern);

/** An API key in a response. */
export interface NewKey {
  readonly key: string;
  readonly name: string;
}

/** Returns the new API key in a response body, or undefined if there is none. */
export function newKeyIn({ text }: ReceivedAnswer): NewKey | undefined {
  const body = parsed(text) as { api_key?: unknown; name?: unknown } | null | undefined;
  const key = body?.api_key;
  return typeof key === 'string' && wholeKey.test(key)
    ? { key, name: String(body?.name ?? '') }
    : undefined;
}

/**
 * Shows a new key above the response, with a button that copies it. The key stays there, whatever
 * the form sends next, until the reader says that they have stored it.
 *
 * @param keys the element that contains the form's new keys.
 */
export function showNewKey(keys: HTMLElement, { key, name }: NewKey): void {
  // The response to a repeated request contains the same key.
  if (all('.key', keys).some(({ textContent }) => textContent === key)) return;
  const shown = element('code', { className: 'key' }, key);
  const copy = element('button', { type: 'button', className: 'copy' }, 'Copy');
  copyOnClick(copy, () => shown);
  const stored = element('button', { type: 'button' }, 'I have stored it');
  const block = element(
    'div',
    { className: 'new-key' },
    element('p', {}, element('strong', {}, 'Your new key '), element('bdi', {}, name)),
    element('p', { className: 'key-line' }, shown, copy),
    element(
      'p',
      {},
      'Shown once: the service cannot show it again. Keep it in a secret manager. Until you leave or reload this page, its forms and samples use the newest key.',
    ),
    stored,
  );
  stored.addEventListener('click', () => {
    block.remove();
    keys.closest('form')?.querySelector<HTMLElement>('button[type=submit]')?.focus();
  });
  keys.prepend(block);
}

/**
 * Returns an element that shows the remedy for an error code, from the table of errors on this
 * page.
 */
function remedyBlock(code: string): HTMLElement | undefined {
  const row = document.getElementById(`errors-${code}`);
  const remedy = row?.querySelector('td:last-child');
  if (!remedy) return undefined;
  const link = element('a', { href: `#errors-${code}` }, element('code', {}, code));
  const text = element('span');
  text.append(...[...remedy.childNodes].map((node) => node.cloneNode(true)));
  return element('p', { className: 'remedy' }, link, ': ', text);
}

function bodyText(text: string, key: string | undefined): string {
  const value = parsed(text);
  const shown = value === undefined ? text : JSON.stringify(value, null, 2);
  // The key is shortened here, because the page shows it above and nowhere else.
  return key === undefined ? shown : shown.replace(key, `${key.slice(0, 8)}… (shown above)`);
}

const codeBlock = (text: string) => element('pre', { tabIndex: 0 }, element('code', {}, text));

/** Returns the elements that show a response, without its key. */
export function answerBlocks(answer: ReceivedAnswer): HTMLElement[] {
  const { response, text } = answer;
  const key = newKeyIn(answer)?.key;
  const remedy = remedyBlock(response.headers.get('X-Error-Code') ?? '');
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  return [
    ...(remedy === undefined ? [] : [remedy]),
    codeBlock(bodyText(text, key)),
    element('details', {}, element('summary', {}, 'Response headers'), codeBlock(headers)),
  ];
}
