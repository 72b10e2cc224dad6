import { indented, type Language, quoted, type SampleRequest, timeoutSeconds } from './sample.ts';

const names = new Map<unknown, string>([
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
]);

function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0
    ? open + close
    : `${open}\n  ${indented(lines.join(',\n'), '  ')}\n${close}`;
}

/**
 * Returns a JSON value as a Python literal. The two notations differ only in null, true and false.
 */
function literal(value: unknown): string {
  if (Array.isArray(value)) return block('[', value.map(literal), ']');
  if (typeof value !== 'object' || value === null) return names.get(value) ?? JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${quoted(name)}: ${literal(member)}`,
  );
  return block('{', members, '}');
}

/** Python samples: Python 3 scripts that use the `requests` package. */
export const python: Language = {
  lang: 'Python',
  label: 'Python',
  source({ method, url, headers, body }: SampleRequest) {
    const options = [
      ...(body === undefined ? [] : ['json = body']),
      ...(headers.length === 0 ? [] : [`headers = ${literal(Object.fromEntries(headers))}`]),
      `timeout = ${timeoutSeconds}`,
    ];
    return `import requests

url = ${quoted(url)}
${body === undefined ? '' : `body = ${literal(body)}\n`}
response = requests.request(${quoted(method)}, url, ${options.join(', ')})
if not response.ok:
  raise SystemExit(f"{response.status_code} {response.text}")
print(response.text)`;
  },
};
