import { keyPattern } from '@andamio/schema/key-format';
import { copyOnClick } from './copy.ts';
import { element } from './elements.ts';

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

/** Returns the new API key in a response body, or undefined if there is none. */
export function newKeyIn({ text }: ReceivedAnswer): string | undefined {
  const key = (parsed(text) as { api_key?: unknown } | null | undefined)?.api_key;
  return typeof key === 'string' && wholeKey.test(key) ? key : undefined;
}

/**
 * Returns an element that shows a new key separately from the response, with a button that copies
 * it.
 */
function newKeyBlock(key: string): HTMLElement {
  const shown = element('code', { className: 'key' }, key);
  const button = element('button', { type: 'button', className: 'copy' }, 'Copy');
  copyOnClick(button, () => shown);
  return element(
    'div',
    { className: 'new-key' },
    element('p', {}, element('strong', {}, 'Your new key')),
    element('p', { className: 'key-line' }, shown, button),
    element(
      'p',
      {},
      'Shown once: the service cannot show it again. Keep it in a secret manager. Until you leave or reload this page, its forms and samples use the key.',
    ),
  );
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

/** Returns the elements that show a response. */
export function answerBlocks(answer: ReceivedAnswer): HTMLElement[] {
  const { response, text } = answer;
  const key = newKeyIn(answer);
  const remedy = remedyBlock(response.headers.get('X-Error-Code') ?? '');
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  return [
    ...(key === undefined ? [] : [newKeyBlock(key)]),
    ...(remedy === undefined ? [] : [remedy]),
    codeBlock(bodyText(text, key)),
    element('details', {}, element('summary', {}, 'Response headers'), codeBlock(headers)),
  ];
}
