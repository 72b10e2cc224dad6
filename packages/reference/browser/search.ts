import { all, element } from './elements.ts';

/** Words that readers may search for, each with the word that the reference uses instead. */
const synonyms: Readonly<Record<string, string>> = {
  revoke: 'delete',
  remove: 'delete',
  disable: 'delete',
  create: 'request',
  issue: 'request',
  generate: 'request',
  extend: 'rotate',
  renew: 'rotate',
  prolong: 'rotate',
  replace: 'roll',
  regenerate: 'roll',
  leaked: 'roll',
  list: 'get',
  show: 'get',
  check: 'verify',
  validate: 'verify',
  throttle: 'rate limit',
  quotas: 'quota',
  jwt: 'token',
  login: 'token',
  retry: 'retries',
  idempotency: 'idempotency-key',
  openapi: 'openapi document',
  swagger: 'openapi document',
};

/** A part of the page that the search can find. */
interface Entry {
  readonly element: HTMLElement;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
}

const normalized = (text: string) => text.toLowerCase().replaceAll('_', ' ');

/** Returns the text of an entry without its samples, its forms and the entries within it. */
function textOf(entry: HTMLElement): string {
  return all('p, dt, dd, li, th, td', entry)
    .filter((part) => part.closest('[data-entry]') === entry && !part.closest('form, .samples'))
    .map((part) => part.textContent)
    .join(' ');
}

function entries(): Entry[] {
  return all('[data-entry]').map((found) => {
    const title = found.dataset['entry'] as string;
    return { element: found, title, heading: normalized(title), text: normalized(textOf(found)) };
  });
}

/** Returns a rating of how well an entry matches one word. 0 means that it does not match. */
function rate({ heading, text }: Entry, word: string): number {
  const synonym = synonyms[word];
  if (heading.includes(word)) return 4;
  if (synonym !== undefined && heading.includes(synonym)) return 3;
  if (text.includes(word)) return 1;
  return synonym !== undefined && text.includes(synonym) ? 0.5 : 0;
}

/** Returns the entries that match all words of a query, the best first. */
function search(all: readonly Entry[], query: string): Entry[] {
  const words = normalized(query).split(/\s+/).filter(Boolean);
  return all
    .map((entry) => ({ entry, ratings: words.map((word) => rate(entry, word)) }))
    .filter(({ ratings }) => ratings.every((rating) => rating > 0))
    .map(({ entry, ratings }) => ({ entry, total: ratings.reduce((sum, one) => sum + one, 0) }))
    .sort((one, other) => other.total - one.total)
    .map(({ entry }) => entry);
}

function result({ element: found, title }: Entry): HTMLElement {
  const meaning = found.localName === 'tr' ? found.querySelector('td:last-child')?.textContent : '';
  return element(
    'li',
    {},
    element('a', { href: `#${found.id}` }, title, element('small', {}, meaning ?? '')),
  );
}

/** Makes the search field show the matching parts of the page in place of the table of contents. */
export function enableSearch(): void {
  const field = document.querySelector<HTMLInputElement>('#search');
  const results = document.querySelector<HTMLElement>('#results');
  const contents = document.querySelector<HTMLElement>('#all-contents');
  const found = document.querySelector<HTMLElement>('#found');
  if (!field || !results || !contents || !found) return;
  let index: Entry[] | undefined;
  field.addEventListener('input', () => {
    const isSearching = field.value.trim() !== '';
    contents.hidden = isSearching;
    results.hidden = !isSearching;
    if (!isSearching) {
      found.textContent = '';
      return;
    }
    index ??= entries();
    const matching = search(index, field.value);
    found.textContent = `${matching.length} found`;
    results.replaceChildren(
      ...(matching.length > 0
        ? matching.map(result)
        : [element('li', {}, 'Nothing found. Try another word.')]),
    );
  });
  field.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') results.querySelector('a')?.click();
  });
  field.disabled = false;
  // On narrow screens the contents cover the page, so they close after a click.
  document.querySelector('#contents')?.addEventListener('click', ({ target }) => {
    const nav = document.querySelector<HTMLElement>('#contents:popover-open');
    if (target instanceof Element && target.closest('a')) nav?.hidePopover();
  });
}
