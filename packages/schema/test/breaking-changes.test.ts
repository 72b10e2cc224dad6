import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { versionsIn } from '../scripts/added-operations.ts';

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
  /** Path of the operation. Undefined for a change that concerns no single operation. */
  readonly path?: string;
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

/**
 * Returns the changes that no line of the changelog's newest version names, with their id and their
 * path.
 */
function unnamedIn(changelog: string, changes: readonly Change[]): Change[] {
  const lines = versionsIn(changelog)[0]?.split('\n') ?? [];
  return changes.filter(
    ({ id, path }) =>
      !lines.some((line) => line.includes(`\`${id}\``) && line.includes(`${path ?? ''}\``)),
  );
}

test.runIf(isHere)(
  'every breaking change is named in the newest version of the API changelog',
  () => {
    const changelog = readFileSync(join(folder, 'CHANGELOG-API.md'), 'utf8');
    const unnamed = unnamedIn(changelog, breakingChanges(join(folder, 'openapi.json')));
    expect(unnamed.map(({ id, path, text }) => `\`${id}\` of \`${path}\`: ${text}`)).toEqual([]);
  },
);

describe('a breaking change', () => {
  const change = { id: 'api-removed-without-deprecation', path: '/api/v1/user/me', text: '' };
  const line = '- Removed `GET /api/v1/user/me` (`api-removed-without-deprecation`).';

  test('is named by a line of the newest version with its id and its path', () => {
    expect(unnamedIn(`# API changelog\n\n### 2.0.0\n\n${line}\n`, [change])).toEqual([]);
  });

  test.each([
    ['an earlier version', `### 2.1.0\n\n### 2.0.0\n\n${line}\n`],
    ['a line about another path', `### 2.0.0\n\n${line.replace('user/me', 'user/me/keys')}\n`],
    ['a line about another kind of change', `### 2.0.0\n\n${line.replace('(`api', '(`path')}\n`],
  ])('is not named by %s', (_, changelog) => {
    expect(unnamedIn(changelog, [change])).toEqual([change]);
  });
});
