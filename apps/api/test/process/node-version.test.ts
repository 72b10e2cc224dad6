import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const main = new URL('../../dist/main.js', import.meta.url);

test('an older Node gets one line and exit code 78, before anything else is loaded', () => {
  // The version is the only thing about an older Node that the entry looks at; its imports must not be reached.
  const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
  const older = join(folder, 'older.cjs');
  writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '22.12.0' });");
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'main.js'), readFileSync(main));
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--require', older, join(folder, 'main.js')], {
    encoding: 'utf8',
  });
  expect(status).toBe(78);
  expect(stderr).toBe('Node 24 is needed, this is 22.12.0; the repository has one in node_modules/.bin/node.\n');
  expect(stdout).toBe('');
});
