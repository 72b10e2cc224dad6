import { pasted } from './credentials.ts';
import { all } from './elements.ts';

type Control = HTMLInputElement | HTMLTextAreaElement;

/**
 * Returns the value of a field as JSON. Text that does not have the type of the field stays text,
 * so that the service explains what is wrong with it.
 */
function jsonOf({ value, dataset }: Control): unknown {
  const { type = '' } = dataset;
  if (type.startsWith('array')) return value.split('\n').filter((line) => line !== '');
  if (type === 'integer' && /^-?\d+$/.test(value)) return Number(value);
  return value;
}

/** Returns the request that a form describes. Fields that are empty are not sent. */
export function requestOf(form: HTMLFormElement): Request {
  const { method = 'GET', path = '/', body: bodyType } = form.dataset;
  const headers = new Headers();
  const body: Record<string, unknown> = {};
  const url = new URL(path, location.origin);
  for (const input of all<HTMLInputElement>('[data-header]', form)) {
    const { header = '', prefix = '' } = input.dataset;
    const credentials = pasted(input.value);
    if (credentials !== '') headers.set(header, prefix + credentials);
  }
  for (const control of all<Control>('[data-in]', form)) {
    if (control.value === '') continue;
    const place = control.dataset['in'];
    if (place === 'body') body[control.name] = jsonOf(control);
    else if (place === 'header') headers.set(control.name, control.value.trim());
    else url.searchParams.append(control.name, control.value);
  }
  if (bodyType === 'json') headers.set('Content-Type', 'application/json');
  return new Request(url, {
    method,
    headers,
    ...(bodyType === 'json' && { body: JSON.stringify(body) }),
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  });
}
