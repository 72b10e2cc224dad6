import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloud, describeByDriver, refusal, stackOf, temporaryFolder } from './harness/stack.ts';

// By Pulumi's own host where that is on PATH, and by the one of this repository elsewhere: both must hold to this.
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
