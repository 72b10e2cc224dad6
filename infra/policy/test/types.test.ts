import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { types } from '../resources.ts';
import { noPublicMembers } from '../rules/identity.ts';
import { violationsOf } from './harness/violations.ts';

const sdk = dirname(createRequire(import.meta.url).resolve('@pulumi/gcp/package.json'));

/** The resource types of Google's SDK, with the files that declare them. */
const resources = globSync('*/*.js', { cwd: sdk }).flatMap((file) => {
  const type = /__pulumiType = '([^']+)'/.exec(readFileSync(join(sdk, file), 'utf8'))?.[1];
  return type ? [{ type, file }] : [];
});

test('every resource type in the policies exists in the Google provider', () => {
  expect(resources.map(({ type }) => type)).toEqual(expect.arrayContaining(Object.values(types)));
});

test('every resource type that grants a role to a member is checked', async () => {
  const granting = resources.filter(({ file, type }) => {
    // This type removes a role from a member instead of granting one.
    if (type === 'gcp:projects/iamMemberRemove:IamMemberRemove') return false;
    const declaration = readFileSync(join(sdk, file.replace(/\.js$/, '.d.ts')), 'utf8');
    const inputs = declaration.slice(declaration.lastIndexOf('Args {'));
    return /\n {4}role: /.test(inputs) && /\n {4}members?: /.test(inputs);
  });
  expect(granting.length).toBeGreaterThan(100);

  const props = { role: 'roles/any', member: 'allUsers', members: ['allUsers'] };
  const overlooked: string[] = [];
  for (const { type } of granting) {
    if ((await violationsOf(noPublicMembers, [{ type, props }])).length === 0)
      overlooked.push(type);
  }
  expect(overlooked).toEqual([]);
});
