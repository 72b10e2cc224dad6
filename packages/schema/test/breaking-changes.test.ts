import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '..');
const isHere = spawnSync('oasdiff', ['--version'], { stdio: 'ignore' }).status === 0;
if (!isHere) {
  const line =
    'The test for breaking changes is skipped. It needs oasdiff (go install github.com/oasdiff/oasdiff@v1).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(line);
  process.stderr.write(`${line}\n`);
}

interface Change {
  /** Identifier of the kind of change, such as `request-property-min-length-increased`. */
  readonly id: string;
  readonly text: string;
  readonly path: string;
}

/**
 * Compares an OpenAPI document with the most recently released one. Returns the changes that break
 * clients.
 *
 * @param document path of the document.
 */
function breakingChanges(document: string): Change[] {
  const { stdout, stderr } = spawnSync(
    'oasdiff',
    ['breaking', join(folder, 'released/openapi.json'), document, '--format', 'json'],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test.runIf(isHere)('every breaking change is named in the API changelog', () => {
  const changelog = readFileSync(join(folder, 'CHANGELOG-API.md'), 'utf8');
  const unnamed = breakingChanges(join(folder, 'openapi.json')).filter(
    ({ id }) => !changelog.includes(id),
  );
  expect(unnamed.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
});
