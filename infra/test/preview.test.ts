import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { image } from './harness/settings.ts';
import { configureCandidate, deployed, temporaryFolder } from './harness/stack.ts';
import { filesIn } from './rehearsal/secret-search.ts';

const programFolder = join(import.meta.dirname, '..');

/** Returns a hash of all file names and contents in a folder. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const path of filesIn(folder).sort()) hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

/**
 * Creates a checkout of the infrastructure with a stack's current file.
 *
 * @returns the path of the file, and a function that runs the preview of a pull request
 */
function checkoutOf({ name, workspace }: Stack) {
  const checkout = temporaryFolder();
  for (const path of ['scripts', 'settings'])
    cpSync(join(programFolder, path), join(checkout, path), { recursive: true });
  for (const path of ['src', 'package.json', 'node_modules', 'policy'])
    symlinkSync(join(programFolder, path), join(checkout, path));
  const files = ['Pulumi.yaml', `Pulumi.${name}.yaml`] as const;
  for (const file of files) cpSync(join(workspace.workDir, file), join(checkout, file));
  const { PULUMI_CONFIG_PASSPHRASE: _passphrase, ...env } = workspace.envVars as Record<
    string,
    string
  >;
  const preview = async () => {
    const child = spawn(process.execPath, [join(checkout, 'scripts/preview.ts'), name], {
      env: { ...process.env, ...env, PULL_REQUEST: '' },
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { code, stdout, stderr };
  };
  return { file: join(checkout, files[1]), preview };
}

const nothingChanges = { code: 0, stdout: 'Nothing changes.\n', stderr: '' };

describe.skipIf(!engineIsHere)('the preview of a pull request', () => {
  test('runs in a checkout, and neither locks nor writes the state', async () => {
    const { google, stack } = await deployed('dev');
    const state = join(stack.workspace.workDir, '.pulumi');
    const { file, preview } = checkoutOf(stack);
    const before = hashOf(state);
    await google.forgetCalls();
    expect(await preview()).toEqual(nothingChanges);

    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('config:\n', 'config:\n  andamio:logLevel: debug\n'),
    );
    const { stdout } = await preview();
    expect(stdout).toMatch(/\| update \| gcp:cloudrunv2\/service:Service \| service \| .*envs/);
    expect([hashOf(state), await google.calls()]).toEqual([before, []]);
  }, 300_000);

  test('keeps the image of the last release, which is not in the committed file', async () => {
    const { stack } = await deployed('prod');
    const { preview } = checkoutOf(stack);
    await configureCandidate(stack, image('2'));
    await stack.up();
    expect(await preview()).toEqual(nothingChanges);
    await stack.removeAllConfig(['andamio:stableRevision', 'andamio:stableImage']);
    await stack.up();
    expect(await preview()).toEqual(nothingChanges);
  }, 300_000);
});
