import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './harness/stack.ts';

const scripts = join(import.meta.dirname, '../scripts');

test.each([
  ['bootstrap.ts', ['dev', '--project', 'my-project'], 'gcloud', 'https://cloud.google.com/sdk/'],
  ['generate-secrets.ts', ['dev'], 'pulumi', 'https://www.pulumi.com/docs/install/'],
  ['pulumi.ts', ['preview'], 'pulumi', 'https://www.pulumi.com/docs/install/'],
] as const)(
  '%s says in one line how to install a missing program',
  (script, args, program, page) => {
    const path = join(temporaryFolder(), 'empty');
    mkdirSync(path);
    const { status, stderr } = spawnSync(process.execPath, [join(scripts, script), ...args], {
      encoding: 'utf8',
      env: { PATH: path },
    });
    expect(status).not.toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining(`${program} cannot be started (to install it: ${page}`),
    ]);
  },
);
