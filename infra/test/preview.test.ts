import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { deployed, temporaryFolder } from './harness/stack.ts';
import { filesIn } from './rehearsal/secret-search.ts';

const programFolder = join(import.meta.dirname, '..');

/** Returns a hash of all file names and contents in a folder. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const path of filesIn(folder).sort()) hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

describe.skipIf(!engineIsHere)('the preview of a pull request', () => {
  test('runs in a checkout, and neither locks nor writes the state', async () => {
    const {
      google,
      stack: { workspace },
    } = await deployed('dev');
    const state = join(workspace.workDir, '.pulumi');
    // A checkout whose stack file is the same as after the first update.
    const checkout = temporaryFolder();
    for (const path of ['scripts', 'settings'])
      cpSync(join(programFolder, path), join(checkout, path), { recursive: true });
    for (const path of ['src', 'package.json', 'node_modules', 'policy'])
      symlinkSync(join(programFolder, path), join(checkout, path));
    for (const file of ['Pulumi.yaml', 'Pulumi.dev.yaml'])
      cpSync(join(workspace.workDir, file), join(checkout, file));
    const { PULUMI_CONFIG_PASSPHRASE: _passphrase, ...env } = workspace.envVars as Record<
      string,
      string
    >;
    const preview = async () => {
      const args = [join(checkout, 'scripts/preview.ts'), 'dev'];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, ...env, PULL_REQUEST: '' },
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit'),
      ]);
      return { code, stdout, stderr };
    };
    const before = hashOf(state);
    await google.forgetCalls();
    expect(await preview()).toEqual({ code: 0, stdout: 'Nothing changes.\n', stderr: '' });

    const file = join(checkout, 'Pulumi.dev.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('config:\n', 'config:\n  andamio:logLevel: debug\n'),
    );
    const { stdout } = await preview();
    expect(stdout).toMatch(/\| update \| gcp:cloudrunv2\/service:Service \| service \| .*envs/);
    expect([hashOf(state), await google.calls()]).toEqual([before, []]);
  }, 300_000);
});
