import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each(['main.js', 'admin.js'])(
  'of %s an older Node gets one line and exit code 78, before anything else is loaded',
  (entry) => {
    // The version is the only thing about an older Node that an entry looks at; its imports must not be reached.
    const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
    const older = join(folder, 'older.cjs');
    writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '22.12.0' });");
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, entry), readFileSync(new URL(`../../dist/${entry}`, import.meta.url)));
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--require', older, join(folder, entry)], {
      encoding: 'utf8',
    });
    expect(status).toBe(78);
    expect(stderr).toBe('Node 24 is needed, this is 22.12.0; the repository has one in node_modules/.bin/node.\n');
    expect(stdout).toBe('');
  },
);
