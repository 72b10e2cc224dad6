import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintersAreHere } from './harness/requirements.ts';

const repository = join(import.meta.dirname, '../..');
const workflows = globSync('.github/workflows/*.yml', { cwd: repository });
const textOf = (path: string) => readFileSync(join(repository, path), 'utf8');

/** The scripts of the repository that a text calls. */
const scriptsIn = (text: string) => [...text.matchAll(/node (infra\/[\w/-]+\.ts)/g)].map(([, path]) => path as string);

describe('the pipelines', () => {
  test.each(workflows)('%s pins actions by commit, starts without permissions and holds no secret', (path) => {
    const text = textOf(path);
    for (const [, action] of text.matchAll(/uses: (\S+)/g)) expect(action).toMatch(/@[0-9a-f]{40}$/);
    expect(text).toContain('\npermissions: {}\n');
    expect(text).not.toMatch(/secrets\./);
    expect(text).toMatch(/concurrency:/);
  });

  test.each(workflows)('%s calls scripts that are there, and that the rehearsal or a test runs', (path) => {
    const run = globSync(['infra/rehearsal/*.ts', 'infra/test/*.test.ts'], { cwd: repository }).map(textOf).join('\n');
    for (const script of scriptsIn(textOf(path))) {
      expect(existsSync(join(repository, script)), script).toBe(true);
      expect(run.includes(script), `${script} is run by nothing`).toBe(true);
    }
  });

  test.skipIf(!lintersAreHere)('actionlint finds nothing', () => {
    const { status, stdout } = spawnSync('actionlint', ['-no-color', ...workflows], {
      cwd: repository,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
  });

  test.skipIf(!lintersAreHere)('zizmor finds nothing', () => {
    const { status, stdout } = spawnSync(
      'zizmor',
      ['--offline', '--no-progress', '--persona=auditor', '.github/workflows'],
      {
        cwd: repository,
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/No findings|^\s*$/);
    expect(status).toBe(0);
  });
});
