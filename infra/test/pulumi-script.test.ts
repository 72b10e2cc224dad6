import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program, repository, script } from './harness/scripts.ts';

/** Returns the arguments with which the script calls the Pulumi CLI, after the program's folder. */
async function passed(args: string): Promise<string> {
  const pulumi = program('pulumi', 'exit 3');
  const { code } = await script('infra/scripts/pulumi.ts', args.split(' '), pulumi.env);
  expect(code).toBe(3);
  const [call = ''] = pulumi.calls();
  const folder = `-C ${join(repository, 'infra')} `;
  expect(call.startsWith(folder)).toBe(true);
  return call.slice(folder.length);
}

const pack = `--policy-pack ${join(repository, 'infra/policy')}`;

test.each([
  'up --yes --stack prod',
  'up --message preview',
  'update',
  'preview --json',
  'pre',
  '--stack prod up',
  '--stack=prod --non-interactive up',
  '-s preview --color never up',
  '-m x up',
  '--profiling up preview',
  '--tracing file:trace up',
  'watch',
])('`pulumi %s` runs under the policy pack', async (args) => {
  expect(await passed(args)).toBe(`${args} ${pack}`);
});

test.each([
  'up --policy-pack mine',
  'up --policy-pack=',
  'preview --policy-pack=mine',
  'destroy --yes',
  'config set andamio:service up',
  'stack select preview',
  '--stack up refresh',
  '--version',
])('`pulumi %s` is passed on unchanged', async (args) => {
  expect(await passed(args)).toBe(args);
});
