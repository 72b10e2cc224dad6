import { gunzipSync } from 'node:zlib';
import { errorKinds } from '@andamio/schema/errors';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { systemClock } from '../../src/clock.ts';
import type { Counted } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { startApp, type TestApp, type TestAppOptions } from './app.ts';
import { sendRaw } from './raw-socket.ts';

/** The current time in all transcripts, in Unix seconds: 2026-01-15T12:00:00Z. */
export const transcriptTime = Date.UTC(2026, 0, 15, 12) / 1000;

/** A request that is sent exactly as specified. */
export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  /** Headers in the order in which they are sent. A name may occur several times. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** The values of the request's Host headers. By default, there is one valid Host header. */
  readonly hosts?: readonly string[];
  readonly version?: string;
}

/** A response with its headers in the order received and its body as bytes. */
interface RawResponse {
  readonly status: number;
  /** Headers in the order in which they were received. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

const bytesOf = (body: string | Uint8Array | undefined) => Buffer.from(body ?? '');

function serialize({
  method = 'GET',
  target,
  headers = [],
  body,
  hosts,
  version = '1.1',
}: RawRequest) {
  const lines = [
    `${method} ${target} HTTP/${version}`,
    ...(hosts ?? ['api.example.com']).map((host) => `Host: ${host}`),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${bytesOf(body).length}`]),
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytesOf(body)]);
}

/** Parses the text received on a connection into responses. */
function parse(text: string): RawResponse[] {
  const answers: RawResponse[] = [];
  for (let rest = text; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    });
    const status = Number(first.split(' ')[1]);
    rest = rest.slice(end + 4);
    const length = Number(headers.find(([name]) => name === 'Content-Length')?.[1] ?? 0);
    // A response to HEAD has a Content-Length header but no body.
    const body = Buffer.from(rest.slice(0, length), 'latin1');
    if (body.length !== 0 && body.length !== length)
      throw new Error('A body is shorter than its Content-Length.');
    rest = rest.slice(length);
    answers.push({ status, headers, body });
  }
  return answers;
}

/** Functions that mask the variable part of a header's value, by header name. */
const maskedHeaders: Readonly<Record<string, (value: string) => string>> = {
  Date: () => '<date>',
  'X-Request-Id': (value) =>
    value.replace(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '<uuid>'),
  'X-RateLimit-Reset': (value) => value.replace(/^\d{10}$/, '<Unix seconds>'),
  // The window of a rate limit may have begun some seconds earlier.
  'Retry-After': (value) => value.replace(/^5\d$/, '60'),
  RateLimit: (value) => value.replace(/t=\d+/, 't=<seconds>'),
  'Cache-Control': (value) => value.replace(/^private, max-age=\d$/, 'private, max-age=<seconds>'),
  'Last-Modified': () => '<date>',
  ETag: () => '<tag>',
};

/**
 * Default texts and codes of all errors. Transcripts replace each text with its code, because the
 * texts are maintained in `packages/schema`.
 */
const kindsByText = Object.entries(errorKinds).map(
  ([code, { details }]) => [details, code] as const,
);

function maskDetails(json: string): string {
  return json.replace(/"details":"((?:[^"\\]|\\.)*)"/, (_match, escaped: string) => {
    const details: string = JSON.parse(`"${escaped}"`);
    const kind = kindsByText.find(([text]) => details.startsWith(text));
    const masked =
      kind === undefined ? details : `<text of ${kind[1]}>${details.slice(kind[0].length)}`;
    return `"details":${JSON.stringify(masked.replaceAll(/(?<=^|\. )((?:Each item of )?[\w-]+) must [^.]*\./g, '$1 <rule>'))}`;
  });
}

/** Masks keys, key ids, serials, request ids and the codes of device logins. */
function maskRandom(text: string): string {
  return text
    .replaceAll(/ant-[0-9A-Za-z]{4}([0-9A-Za-z]{36})/g, (_match, rest: string) =>
      rest === 'x'.repeat(36) ? '<masked key>' : '<key>',
    )
    .replaceAll(/"[0-9a-f]{64}"/g, '"<hash>"')
    .replaceAll(/"id":"[0-9a-f-]{36}"/g, '"id":"<uuid>"')
    .replaceAll(/"(user_code|device_code)":"[^"]*"/g, '"$1":"<code>"')
    .replaceAll(/"start":"ant-[0-9A-Za-z]{4}"/g, '"start":"<start>"')
    .replaceAll(/Request id: [0-9a-f-]{36}/g, 'Request id: <uuid>');
}

function describeBody({ headers, body }: RawResponse): string {
  if (body.length === 0) return '(no body)';
  const headerOf = (wanted: string) => headers.find(([name]) => name === wanted)?.[1];
  const text =
    headerOf('Content-Encoding') === 'gzip' ? gunzipSync(body).toString() : body.toString();
  if (text.startsWith('{"openapi"'))
    return `(the document, whose first server is ${JSON.parse(text).servers[0].url})`;
  if (text.length > 1_500) return '(a long text)';
  return maskRandom(maskDetails(text));
}

/** Counters that record how much of each rate limit a request consumed. */
class TracedCounters extends MemoryCounters {
  readonly #name: string;
  readonly #trace: Map<string, number>;

  constructor(name: string, window: number, now: () => number, trace: Map<string, number>) {
    super({ ...systemClock, now }, window);
    this.#name = name;
    this.#trace = trace;
  }

  override increment(key: string, requests = 1, maximum = Number.POSITIVE_INFINITY): Counted {
    const counted = super.increment(key, requests, maximum);
    if (counted.totalHits <= maximum) this.#note(requests);
    return counted;
  }

  override decrement(key: string): void {
    this.#note(-1);
    super.decrement(key);
  }

  override add(key: string, requests: number): void {
    this.#note(requests);
    super.add(key, requests);
  }

  #note(requests: number): void {
    this.#trace.set(this.#name, (this.#trace.get(this.#name) ?? 0) + requests);
  }
}

/** A running service, and a transcript of the requests sent to it. */
export interface Transcript {
  readonly app: TestApp;
  /**
   * Sends a request over a new connection, and records the request and its response.
   *
   * @param what the heading of the request in the transcript
   */
  ask(what: string, request: RawRequest): Promise<RawResponse>;
  /** Sends a request without recording it. */
  send(request: RawRequest): Promise<RawResponse>;
  text(): string;
}

/** Headers for which the transcript lists each distinct combination of values only once. */
const securityHeaders =
  /^(?:Content-Security-Policy|Cross-Origin-.*|Origin-Agent-Cluster|Referrer-Policy|Strict-Transport-Security|X-Content-Type-Options|X-DNS-Prefetch-Control|X-Download-Options|X-Frame-Options|X-Permitted-Cross-Domain-Policies|X-XSS-Protection)$/;

/** Starts a service whose clock is stopped, with an empty transcript. */
export async function startTranscript(options: TestAppOptions = {}): Promise<Transcript> {
  const { now = () => transcriptTime * 1000 } = options;
  const counted = new Map<string, number>();
  const app = await startApp({
    now,
    createCounters: (name, window) => new TracedCounters(name, window, now, counted),
    keyCounters: new TracedCounters('key', rateLimitWindow, now, counted),
    ...options,
  });
  const entries: string[] = [];
  const securitySets: string[] = [];

  function describeHeaders(headers: RawResponse['headers']): string[] {
    // Masks the length of responses whose content may change: built files, generated documents and
    // error texts.
    const hasOwnLength = !headers.some(
      ([name, value]) => name === 'ETag' || name === 'X-Error-Code' || value === 'no-cache',
    );
    const lines = headers.map(([name, value]) => {
      const masked = maskedHeaders[name]?.(value) ?? value;
      return [name, name === 'Content-Length' && !hasOwnLength ? '<length>' : masked] as const;
    });
    const security = lines
      .filter(([name]) => securityHeaders.test(name))
      .map(([name, value]) => `${name}: ${value}`);
    const set = security.sort().join('\n    ');
    if (set !== '' && !securitySets.includes(set)) securitySets.push(set);
    const others = lines
      .filter(([name]) => !securityHeaders.test(name))
      .map(([name, value]) => `${name}: ${value}`);
    return [
      ...others.sort(),
      ...(set === '' ? [] : [`(security headers ${securitySets.indexOf(set) + 1})`]),
    ];
  }

  /** Waits for the log line of a request. The service writes it when the response is closed. */
  async function logLine(linesBefore: number): Promise<string> {
    const requestLines = () =>
      app.logged
        .slice(linesBefore)
        .map((line) => JSON.parse(line))
        .filter((line) => 'httpRequest' in line);
    for (let turn = 0; turn < 200 && requestLines().length === 0; turn++)
      await new Promise(setImmediate);
    return requestLines()
      .map(({ severity, message, httpRequest, errorCode, reason, err }) => {
        const { requestMethod = '-', requestUrl = '-', status = '-' } = httpRequest;
        const about = [
          errorCode,
          reason,
          err === undefined ? undefined : `caused by ${err.type ?? err.name}`,
        ];
        const known = about.filter((word) => word !== undefined);
        return [severity, `"${message}"`, requestMethod, requestUrl, status, ...known].join(' ');
      })
      .join('; ');
  }

  async function exchange(request: RawRequest): Promise<RawResponse[]> {
    const answers = parse((await sendRaw(app.port, serialize(request))).text);
    if (answers.length === 0) throw new Error(`${request.target} was not answered.`);
    return answers;
  }

  return {
    app,
    async ask(what, request) {
      counted.clear();
      const linesBefore = app.logged.length;
      const answers = await exchange(request);
      const line = await logLine(linesBefore);
      const cost = [...counted]
        .filter(([, net]) => net !== 0)
        .map(([name, net]) => `${name} ${net}`);
      const described = answers.flatMap((answer) => [
        String(answer.status),
        ...describeHeaders(answer.headers).map((header) => `  ${header}`),
        `  ${describeBody(answer)}`,
      ]);
      const { method = 'GET', target } = request;
      const shown = target.length > 100 ? `${target.slice(0, 100)}…` : target;
      entries.push(
        [
          `### ${what}: ${method} ${shown}`,
          ...described,
          `  log: ${line || 'none'}`,
          `  counted: ${cost.join(', ') || 'nothing'}`,
        ].join('\n'),
      );
      return answers.at(-1) as RawResponse;
    },
    send: async (request) => (await exchange(request)).at(-1) as RawResponse,
    text: () => {
      const legend = securitySets.map(
        (set, index) => `(security headers ${index + 1})\n    ${set}`,
      );
      return `${[...entries, ...legend].join('\n\n')}\n`;
    },
  };
}
