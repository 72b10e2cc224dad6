// node scripts/preview.ts STACK: what a change would do to a stack, for a pull request. It may read the state and decrypts nothing:
// each secret, in state and settings, is replaced by a placeholder that has its form. On GitHub it comments on PULL_REQUEST.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, named, previewed, programFolder, pulumi, run, type Step, say, script } from './cli.ts';
import { comment, onGitHub } from './github.ts';
import { placeholders, withoutSecrets } from './placeholders.ts';
import { stepsAsTable } from './steps-table.ts';

/** The state of a stack as its backend keeps it; undefined before its first `up`. */
function readState(stack: string): unknown {
  const backend = process.env['PULUMI_BACKEND_URL'] ?? '';
  const path = `.pulumi/stacks/andamio/${stack}.json`;
  if (backend.startsWith('gs://')) {
    const { status, output } = attempt('gcloud', ['storage', 'cat', `${backend}/${path}`]);
    if (status) return JSON.parse(output);
    if (output.includes('matched no objects')) return undefined;
    throw new Failure(`The state of ${stack} cannot be read: ${output}`);
  }
  if (!backend.startsWith('file://')) throw new Failure('PULUMI_BACKEND_URL must be gs://BUCKET or file://FOLDER.');
  try {
    return JSON.parse(readFileSync(join(fileURLToPath(backend), path), 'utf8'));
  } catch {
    return undefined;
  }
}

function attempt(command: string, args: readonly string[]): { status: boolean; output: string } {
  try {
    return { status: true, output: run(command, args, { quiet: true }) };
  } catch (error) {
    return { status: false, output: (error as Error).message };
  }
}

/** Settings of a stack without what is encrypted. */
function plainSettings(stack: string): string {
  const lines = readFileSync(join(programFolder, `Pulumi.${stack}.yaml`), 'utf8').split('\n');
  const kept: string[] = [];
  for (const line of lines) {
    if (/^(secretsprovider|encryptedkey|encryptionsalt):/.test(line)) continue;
    // `KEY:` stands on the line before `secure: ...`.
    if (/^\s+secure:/.test(line)) kept.pop();
    else kept.push(line);
  }
  return kept.join('\n');
}

/** Runs the preview on a copy of the state in a folder of its own, and gives the steps. */
function previewCopy(stack: string, state: unknown): Step[] {
  const folder = mkdtempSync(join(tmpdir(), 'preview-'));
  try {
    // A project of its own for the engine, whose program is this one: settings and state here are copies.
    for (const file of ['Pulumi.yaml', 'package.json', 'index.ts'])
      symlinkSync(join(programFolder, file), join(folder, file));
    const settings = plainSettings(stack);
    writeFileSync(join(folder, `Pulumi.${stack}.yaml`), settings);
    const env = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: 'nothing here is secret' };
    const there = { cwd: folder, env };
    const quietly = { ...there, quiet: true };
    run('pulumi', ['stack', 'init', stack, '--non-interactive', '--secrets-provider', 'passphrase'], quietly);
    for (const [key, value] of Object.entries(placeholders(settings))) {
      pulumi(stack, ['config', 'set', '--secret', key], { ...quietly, input: value });
    }
    if (state !== undefined) {
      const salt =
        /^encryptionsalt: *(\S+)/m.exec(readFileSync(join(folder, `Pulumi.${stack}.yaml`), 'utf8'))?.[1] ?? '';
      writeFileSync(join(folder, 'state.json'), JSON.stringify(withoutSecrets(state, salt)));
      pulumi(stack, ['stack', 'import', '--file', 'state.json'], quietly);
    }
    return previewed(stack, [], there);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await script(async (args) => {
  const { stack } = named(args, 'node scripts/preview.ts STACK', ['stack']);
  const table = stepsAsTable(previewCopy(stack, readState(stack))) ?? 'Nothing changes.';
  say(table);
  const pullRequest = process.env['PULL_REQUEST'];
  if (pullRequest && onGitHub()) await comment(pullRequest, `### Preview of \`${stack}\``, table);
});
