import { all, element } from './elements.ts';

/** Words of questions that say nothing about their subject. */
const stopWords: ReadonlySet<string> = new Set(
  'a an and are can do does for from how i if in is it me my of on or the to what when where which why will with'.split(
    ' ',
  ),
);

/** Words that readers may search for, each with the words that the reference uses instead. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  revoke: ['delete'],
  remove: ['delete'],
  disable: ['delete'],
  create: ['request'],
  issue: ['request'],
  generate: ['request'],
  extend: ['rotate'],
  renew: ['rotate'],
  prolong: ['rotate'],
  replace: ['roll'],
  regenerate: ['roll'],
  leak: ['report'],
  leaked: ['report', 'roll'],
  compromised: ['report', 'roll'],
  list: ['get'],
  show: ['get'],
  check: ['verify'],
  validate: ['verify'],
  throttle: ['rate limit'],
  jwt: ['token'],
  login: ['token'],
  retry: ['retries'],
  idempotent: ['retries', 'idempotency'],
  idempotency: ['retries'],
  'idempotency-key': ['retries'],
  browser: ['web page'],
  origin: ['web page'],
  openapi: ['openapi document'],
  swagger: ['openapi document'],
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

/** Returns the words of a query, without stop words unless there are no others. */
function wordsOf(query: string): string[] {
  const words = normalized(query).match(/[^\s?!,.;:"'()]+/g) ?? [];
  const telling = words.filter((word) => !stopWords.has(word));
  return telling.length > 0 ? telling : words;
}

/** Returns a rating of how well an entry matches one word. 0 means that it does not match. */
function rate({ heading, text }: Entry, word: string): number {
  const singular = word.replace(/s$/, '');
  // A part of a word is enough, but the singular of "cors" must not match "correct".
  const isIn = (place: string) => place.includes(word) || ` ${place} `.includes(` ${singular} `);
  const others = synonyms[word] ?? synonyms[singular] ?? [];
  if (isIn(heading)) return 4;
  if (others.some((other) => heading.includes(other))) return 3;
  if (isIn(text)) return 1;
  return others.some((other) => text.includes(other)) ? 0.5 : 0;
}

/**
 * Returns the entries that match all words of a query, the best first. If no entry matches all
 * words, returns the entries that match most of them.
 */
function search(all: readonly Entry[], query: string): Entry[] {
  const words = wordsOf(query);
  const rated = all.map((entry) => {
    const ratings = words.map((word) => rate(entry, word)).filter((rating) => rating > 0);
    return { entry, matches: ratings.length, total: ratings.reduce((sum, one) => sum + one, 0) };
  });
  const most = Math.max(1, ...rated.map(({ matches }) => matches));
  return rated
    .filter(({ matches }) => matches === most)
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
