import { type Language, prettyJson, type SampleRequest, timeoutSeconds } from './sample.ts';

const doubleQuoted = (text: string) => `"${text.replace(/["$`\\]/g, '\\$&')}"`;
const singleQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Shell samples: `curl` commands. If the request fails, `--fail-with-body` prints the body, and
 * curl exits with status 22.
 */
export const curl: Language = {
  lang: 'Shell',
  label: 'curl',
  source({ method, url, headers, body }: SampleRequest) {
    return [
      `curl -sS --fail-with-body --max-time ${timeoutSeconds} -X ${method} ${doubleQuoted(url)}`,
      ...headers.map(([name, value]) => `-H ${doubleQuoted(`${name}: ${value}`)}`),
      ...(body === undefined ? [] : [`-d ${singleQuoted(prettyJson(body))}`]),
    ].join(' \\\n  ');
  },
};
