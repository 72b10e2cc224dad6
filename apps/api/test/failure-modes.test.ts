import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { logEvents, requestMessages } from '@andamio/schema/log-events';
import { requestKey } from '@andamio/testing/service-requests';
import type { KeyRefusal } from '@andamio/verification/verify-key';
import { expect, onTestFinished, test } from 'vitest';
import type { TokenRefusal } from '../src/auth/refusals.ts';
import { startApp } from './harness/app.ts';
import { storeThatThrows } from './harness/store-that-throws.ts';

const page = new URL('../../../docs/failure-modes.md', import.meta.url);
const text = readFileSync(page, 'utf8');

/** Returns the rows of the tables with the given header, each as its cells. */
function rowsUnder(header: string): string[][] {
  const tables = text.split('\n\n').filter((block) => block.startsWith(`${header}\n`));
  const rows = tables.flatMap((table) => table.trimEnd().split('\n').slice(2));
  // A cell may contain an escaped separator.
  return rows.map((row) => row.split(/(?<!\\)\|/).slice(1, -1));
}

test('each row of docs/failure-modes.md links to an existing test', () => {
  const rows = rowsUnder(
    '| what fails | what the service does | what you see | what to do | test |',
  );
  expect(rows.length).toBeGreaterThan(10);
  const broken = rows.filter((cells) => {
    const tests = [...(cells.at(-1) ?? '').matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)/g)].map(
      ([, path]) => path as string,
    );
    return (
      cells.length !== 5 ||
      tests.length === 0 ||
      !tests.every((path) => existsSync(fileURLToPath(new URL(path, page))))
    );
  });
  expect(broken).toEqual([]);
});

/** Returns the words in backticks in the first column of the table with the given header. */
const firstColumn = (header: string) =>
  rowsUnder(header).flatMap(([cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word),
  );

// The types require an entry for each reason.
const tokenRefusals: Record<TokenRefusal, true> = {
  no_token: true,
  malformed: true,
  algorithm: true,
  unknown_key: true,
  signature: true,
  expired: true,
  not_yet_valid: true,
  issuer: true,
  audience: true,
  claims: true,
};
const keyRefusals: Record<KeyRefusal | 'no_key', true> = {
  no_key: true,
  malformed: true,
  unknown_key: true,
  expired: true,
  suspended: true,
};

test.each([
  ['token', tokenRefusals],
  ['key', keyRefusals],
])('docs/failure-modes.md lists exactly the reasons for refusing a %s', (credential, refusals) => {
  expect(firstColumn(`| \`reason\` | the ${credential} |`)).toEqual(Object.keys(refusals));
});

test('docs/failure-modes.md describes every field of a log line', async () => {
  const app = await startApp({ store: storeThatThrows(new Error('down')) });
  onTestFinished(() => app.close());
  const trace = `00-${'4'.repeat(32)}-${'2'.repeat(16)}-01`;
  await requestKey(app.url, { api_key_name: 'abc' }, { headers: { traceparent: trace } });
  await requestKey(app.url, { api_key_name: 'abc' }, { token: 'malformed' });
  await expect.poll(() => app.logged.length).toBe(2);
  const fields = app.logged.flatMap((line) => Object.keys(JSON.parse(line)));
  const groups = fields.map((field) => field.replace(/^(logging\.googleapis\.com\/).*/, '$1...'));
  const described = new Set(firstColumn('| field | content |'));
  expect(described).toEqual(new Set([...groups, 'event']));
});

test('docs/failure-modes.md quotes the message of every event, except those of starting and stopping', () => {
  const routine: readonly string[] = [logEvents.listening.event, logEvents.shuttingDown.event];
  const messages = Object.values(logEvents)
    .filter(({ event }) => !routine.includes(event))
    .map(({ message }) => message.split(/[.;,]/)[0] as string);
  const unquoted = [...messages, ...Object.values(requestMessages)].filter(
    (message) => !text.includes(`\`${message}`),
  );
  expect(unquoted).toEqual([]);
});
