import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';

/** Returns the output of a readable log. */
function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLog({ level: 'info', project: undefined, isReadable: true, destination }));
  return lines.join('');
}

test('a readable log shows the time, the message and further fields', () => {
  expect(logged((log) => log.info({ event: 'listening', port: 8080 }, 'listening'))).toMatch(
    /^\d\d:\d\d:\d\d listening port=8080\n$/,
  );
});

test('a readable log shows a request as method, path, status, duration and reason', () => {
  const httpRequest = { requestMethod: 'GET', requestUrl: '/api/v1/user/me', latency: '0.003210s' };
  const line = { requestId: 'id', httpRequest: { ...httpRequest, status: 401 } };
  const refused = { ...line, errorCode: 'unauthenticated', reason: 'no_token' };
  expect(logged((log) => log.info(refused, 'request'))).toMatch(
    /^\S+ GET \/api\/v1\/user\/me 401 3 ms unauthenticated no_token\n$/,
  );
  expect(logged((log) => log.info({ httpRequest }, 'request abandoned'))).toMatch(
    /^\S+ GET \/api\/v1\/user\/me request abandoned 3 ms\n$/,
  );
});

test('a readable log shows the cause of a warning in one line, and of an error with its stack', () => {
  const err = new Error('Redis did not respond.');
  expect(logged((log) => log.warn({ err }, 'Counting in memory.'))).toMatch(
    /^\S+ WARNING Counting in memory\. Redis did not respond\.\n$/,
  );
  const lines = logged((log) => log.error({ err }, 'failed.')).split('\n');
  expect(lines[0]).toMatch(/^\S+ ERROR failed\. Redis did not respond\.$/);
  expect(lines[2]).toMatch(/^ {4}at /);
});

test.each<[string, string, string[]]>([
  [
    'a sentence',
    'It did not respond. 14 UNAVAILABLE: no',
    ['It did not respond.', '14 UNAVAILABLE: no'],
  ],
  ['no sentence', 'fetch failed: refused: Why?', ['fetch failed', 'refused', 'Why?']],
  ['empty', 'The end.', ['', 'The end.']],
])(
  'a log joins the message of an error and those of its causes: the first is %s',
  (_what, expected, [message, ...causes]) => {
    const cause = causes.reduceRight<Error | undefined>(
      (inner, text) => new Error(text, { cause: inner }),
      undefined,
    );
    const err = new Error(message, { cause });
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    createLog({ level: 'info', project: undefined, destination }).warn({ err }, 'failed');
    const line = JSON.parse(lines.join(''));
    expect(line.err).toMatchObject({ type: 'Error', message: expected });
    expect(line.err.stack).toContain(`caused by: Error: ${causes.at(-1)}`);
  },
);

test('a log writes an error that is its own cause once', () => {
  const err = new Error('Round.');
  err.cause = err;
  expect(logged((log) => log.warn({ err }, 'failed.'))).toMatch(/ WARNING failed\. Round\.\n$/);
});

test('a readable log escapes characters that control a terminal or the direction of text', () => {
  const text = logged((log) => log.warn({ err: new Error('\u001b[2J\u009b\u202e') }, 'text'));
  expect(text).toMatch(/ WARNING text \\u\{1b\}\[2J\\u\{9b\}\\u\{202e\}\n$/);
});
