import {
  indented,
  type Language,
  prettyJson,
  quoted,
  type SampleRequest,
  timeoutSeconds,
} from './sample.ts';

/** JavaScript samples: modules that run in Node.js and in browsers. */
export const javascript: Language = {
  lang: 'JavaScript',
  label: 'JavaScript',
  source({ method, url, headers, body }: SampleRequest) {
    const fields = headers.map(([name, value]) => `${quoted(name)}: ${quoted(value)}`);
    const options = [
      `method: ${quoted(method)}`,
      ...(fields.length === 0 ? [] : [`headers: {\n  ${indented(fields.join(',\n'), '  ')}\n}`]),
      ...(body === undefined ? [] : ['body']),
      `signal: AbortSignal.timeout(${timeoutSeconds * 1000})`,
    ];
    const declaration =
      body === undefined ? '' : `const body = JSON.stringify(${prettyJson(body)})\n\n`;
    return `${declaration}const response = await fetch(${quoted(url)}, {
  ${indented(options.join(',\n'), '  ')}
})
const text = await response.text()
if (!response.ok) throw new Error(\`\${response.status} \${text}\`)
console.log(text)`;
  },
};
