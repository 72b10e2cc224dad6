import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { cloud, describeByDriver, refusal, stackOf, temporaryFolder } from './harness/stack.ts';

// These tests use Pulumi's own language host if it is on PATH, otherwise the one in this
// repository. Both must pass.
describeByDriver('a program runs with the SDK in its folder', () => {
  test('fails with installation instructions if there is none', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'node_modules'));
    const stack = await stackOf(await cloud(), 'dev', {}, folder);
    expect(await refusal(stack.preview())).toContain(
      'It looks like the Pulumi SDK has not been installed. Have you run pulumi install?',
    );
  });
}, ['literal']);

test('the language host of this repository exits when its engine is killed', async () => {
  const host = join(import.meta.dirname, 'rehearsal/language-host.ts');
  const command = '"$0" "$1" 127.0.0.1:1 & echo "$!"; wait';
  const engine = spawn('sh', ['-c', command, process.execPath, host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  // When the host has started, it prints its port as the second line.
  for await (const line of createInterface({ input: engine.stdout })) {
    if (lines.push(line) === 2) break;
  }
  const status = `/proc/${lines[0]}/status`;
  expect(existsSync(status)).toBe(true);
  engine.kill('SIGKILL');
  await expect.poll(() => existsSync(status)).toBe(false);
});
