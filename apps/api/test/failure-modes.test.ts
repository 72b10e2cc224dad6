import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const page = new URL('../../../docs/failure-modes.md', import.meta.url);

test('each row of docs/failure-modes.md links to an existing test', () => {
  const rows = readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!---|what fails)/.test(line));
  expect(rows.length).toBeGreaterThan(10);
  const broken = rows.filter((row) => {
    const tests = [...row.matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)/g)].map(
      ([, path]) => path as string,
    );
    return (
      tests.length === 0 || !tests.every((path) => existsSync(fileURLToPath(new URL(path, page))))
    );
  });
  expect(broken).toEqual([]);
});
