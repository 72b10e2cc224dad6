import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloud, describeByDriver, refusal, stackOf, temporaryFolder } from './harness/stack.ts';

// Uses Pulumi's own host if it is on PATH, otherwise the one of this repository. Both must pass.
describeByDriver('a program runs with the SDK of its folder', () => {
  test('without one, nothing runs, and the message says what to install', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'node_modules'));
    const stack = await stackOf(await cloud(), 'dev', {}, folder);
    expect(await refusal(stack.preview())).toContain(
      'It looks like the Pulumi SDK has not been installed. Have you run pulumi install?',
    );
  });
}, ['literal']);
