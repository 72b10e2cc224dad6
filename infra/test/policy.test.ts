import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { remaining, type StackName } from './harness/settings.ts';
import { cloud, deployed, stackOf } from './harness/stack.ts';

const pack = join(import.meta.dirname, '../policy');

/** A CLI that Pulumi installs brings the program that runs packs; another one finds it here, by its name on PATH. */
function usePackRunner(stack: Stack): void {
  if (!spawnSync('pulumi-analyzer-policy-nodejs', [], { input: '', timeout: 1, stdio: 'ignore' }).error) return;
  const folder = join(stack.workspace.workDir, 'tools');
  mkdirSync(folder);
  const runner = createRequire(join(pack, 'package.json')).resolve('@pulumi/policy/package.json');
  const pulumi = createRequire(runner).resolve('@pulumi/pulumi/package.json');
  const file = join(folder, 'pulumi-analyzer-policy-nodejs');
  const script = join(dirname(pulumi), 'cmd/run-policy-pack/index.js');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(file, 0o755);
  stack.workspace.envVars['PATH'] = `${folder}:${process.env['PATH']}`;
}

describe.skipIf(!engineIsHere)('the policy pack, run by the engine', () => {
  test.each(Object.keys(remaining) as StackName[])(
    'finds nothing in %s, neither before it is there nor after',
    async (name) => {
      const google = await cloud();
      if (name === 'preprod' || name === 'prod') await deployed(google, 'shared');
      const stack = await stackOf(google, name);
      usePackRunner(stack);
      const before = await stack.preview({ policyPacks: [pack] });
      expect(before.stdout).toMatch(/andamio.*@v/);
      expect(before.stdout).not.toContain('[mandatory]');
      await stack.up();
      expect((await stack.preview({ policyPacks: [pack] })).stdout).not.toContain('[mandatory]');
    },
  );
});
