import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each(['main.js', 'admin.js'])(
  '%s prints one line and exits with 78 on an older Node, before it imports anything',
  (entry) => {
    // The folder contains no other files, so that every import would fail.
    const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
    const older = join(folder, 'older.cjs');
    writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '22.12.0' });");
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, entry),
      readFileSync(new URL(`../../dist/${entry}`, import.meta.url)),
    );
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ['--require', older, join(folder, entry)],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toBe(78);
    expect(stderr).toBe(
      'Node 24 is required; this is Node 22.12.0. In the repository, npx -y pnpm@12 install installs it as node_modules/.bin/node.\n',
    );
    expect(stdout).toBe('');
  },
);
