/** HTML that is inserted into other HTML without escaping. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A value in a template of {@link html}. Arrays are concatenated; `false` and undefined are left
 * out.
 */
type Value = Html | string | number | false | undefined | readonly Value[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Escapes text for HTML content and for attribute values in double quotes. */
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => entities[character] as string);

function rendered(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(rendered).join('');
  return escaped(String(value));
}

/** Tag for template literals with HTML. Escapes all values except {@link Html}. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, index) => text + rendered(values[index - 1]) + part));
}
