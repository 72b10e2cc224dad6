import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintersAreHere } from './harness/requirements.ts';

const repository = join(import.meta.dirname, '../..');
const workflows = globSync('.github/workflows/*.yml', { cwd: repository });
const textOf = (path: string) => readFileSync(join(repository, path), 'utf8');

/** Returns the paths of the repository's scripts that a text runs. */
const scriptsIn = (text: string) =>
  [...text.matchAll(/node (infra\/[\w/-]+\.ts)/g)].map(([, path]) => path as string);

describe('the workflows', () => {
  test.each(workflows)(
    '%s pins actions by commit, starts without permissions and contains no secret',
    (path) => {
      const text = textOf(path);
      for (const [, action] of text.matchAll(/uses: (\S+)/g))
        expect(action).toMatch(/@[0-9a-f]{40}$/);
      expect(text).toContain('\npermissions: {}\n');
      expect(text).not.toMatch(/secrets\./);
      expect(text).toMatch(/concurrency:/);
    },
  );

  test.each(workflows)(
    '%s calls only scripts that exist and that the rehearsal or a test runs',
    (path) => {
      const run = globSync(['infra/test/rehearsal/**/*.ts', 'infra/test/*.test.ts'], {
        cwd: repository,
      })
        .map(textOf)
        .join('\n');
      for (const script of scriptsIn(textOf(path))) {
        expect(existsSync(join(repository, script)), script).toBe(true);
        expect(run.includes(script), `${script} is run by nothing`).toBe(true);
      }
    },
  );

  /** Returns the jobs of a workflow as text, each beginning with its name. */
  const jobsOf = (text: string) =>
    text
      .split(/\njobs:\n/)[1]
      ?.split(/^(?= {2}[a-z-]+:$)/m)
      .filter((job) => /^ {2}[a-z-]+:$/m.test(job)) as string[];

  test.each(workflows)(
    '%s runs package code only before a job signs in, and installs packages without their scripts',
    (path) => {
      for (const job of jobsOf(textOf(path))) {
        const steps = job.split(/^ {6}- /m);
        const signsIn = steps.findIndex((step) => step.includes('google-github-actions/auth@'));
        const installs = steps.flatMap((step, index) =>
          /pnpm (install|build)|buildx|build-image/.test(step) ? [index] : [],
        );
        if (signsIn >= 0) for (const index of installs) expect(index, job).toBeLessThan(signsIn);
        for (const line of job.split('\n').filter((each) => /(pnpm install|npm ci)/.test(each)))
          expect(line).toContain('--ignore-scripts');
      }
      expect(textOf(path)).not.toMatch(/\bnpx\b/);
    },
  );

  test('the build job has no identity, the signing job installs no packages, and deploy jobs cannot sign', () => {
    const [build = '', sign = '', ...others] = jobsOf(textOf('.github/workflows/deploy.yml'));
    const deploys = others.filter((job) => job.includes('release.ts'));
    expect(build).not.toMatch(/id-token|auth@/);
    expect(sign).toContain('vars.BUILD_ACCOUNT');
    expect(sign).not.toMatch(/pnpm|npm ci/);
    expect(deploys).toHaveLength(2);
    for (const job of deploys) {
      expect(job).not.toContain('BUILD_ACCOUNT');
      expect(job).toContain('needs.sign.outputs.image');
    }
  });

  test('a job that releases goes on when the run is canceled, and none starts after that', () => {
    const jobs = jobsOf(textOf('.github/workflows/deploy.yml'));
    // The condition of a job that starts only if the earlier jobs succeeded, and is not canceled:
    // https://docs.github.com/en/actions/reference/workflow-cancellation-reference
    const condition = /^ {4}if: \$\{\{ always\(\) && needs\.(\w+)\.result == 'success' \}\}$/m;
    const releases = jobs.filter((job) => job.includes('release.ts'));
    const needed = releases.map((job) => condition.exec(job)?.[1]);
    expect(needed).toEqual(['sign', 'continue']);
    for (const name of needed) {
      const job = jobs.find((each) => each.startsWith(`  ${name}:\n`));
      expect(job).toBeDefined();
      expect(job, 'a job that is canceled has no condition').not.toMatch(/^ {4}if:/m);
    }
  });

  test('the job that packs packages has no identity, and the one that publishes runs no code of the repository', () => {
    const [pack = '', publish = ''] = jobsOf(textOf('.github/workflows/publish.yml'));
    expect(pack).not.toMatch(/id-token|environment:/);
    expect(publish).toContain('id-token: write');
    expect(publish).toContain('environment: npm');
    expect(publish).not.toMatch(/checkout@|pnpm|npm ci|npx/);
    expect(publish).toContain('npm publish ./package.tgz --ignore-scripts');
  });

  test('the workflows install the package manager of package.json and verify its integrity', () => {
    const lock = JSON.parse(textOf('.github/tools/package-lock.json')) as {
      packages: Record<string, { version?: string; integrity?: string }>;
    };
    const { packageManager } = JSON.parse(textOf('package.json')) as { packageManager: string };
    const pnpm = lock.packages['node_modules/@pnpm/exe.linux-x64'];
    expect(`pnpm@${pnpm?.version}`).toBe(packageManager);
    expect(pnpm?.integrity).toMatch(/^sha512-/);
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
