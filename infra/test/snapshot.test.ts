import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import { resourceTypes } from './google/resources/index.ts';
import { replacingArguments } from './google/validate.ts';
import { engineIsHere } from './harness/requirements.ts';
import { image, remaining, type StackName } from './harness/settings.ts';
import { deployed } from './harness/stack.ts';

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: object;
  readonly protect?: boolean;
  /** True if Pulumi forgets the resource instead of deleting it. */
  readonly retainOnDelete?: boolean;
  readonly parent?: string;
}

/** Returns NAME from a URN of the form `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`. */
const nameOf = (urn: string | undefined) => urn?.split('::').at(-1);

/**
 * Returns a copy of a value in which placeholders replace secrets and parts that change between
 * runs.
 */
function shown(value: unknown): unknown {
  if (typeof value === 'string')
    return (
      value
        .replace(/andamio\/api:[a-z0-9-]+-\d{17}/, 'andamio/api:TAG')
        .replace(/(build-context\/|^image-)[0-9a-f]{20}/, '$1HASH')
        .replace(/-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----\n/, 'PUBLIC KEY')
        .replace(/andamio\/api@sha256:[0-9a-f]{64}/, 'andamio/api@DIGEST')
        // Google chooses these ids.
        .replace(/notificationChannels\/\d+/, 'notificationChannels/ID')
        .replace(/(check_id="[a-z-]+)-[\w-]{11}"/, '$1-ID"')
    );
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  if ('ciphertext' in value || 'plaintext' in value) return '[secret]';
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, shown(member)]),
  );
}

/**
 * Returns the names of the inputs whose change replaces the resource, separated by commas. Returns
 * undefined if Pulumi updates the resource in place, whichever input changes.
 */
function replacedBy({ type, inputs = {} }: Resource): string | undefined {
  const known = resourceTypes[type];
  if (known === undefined) return undefined;
  const names = replacingArguments(type, known).filter((name) => name in inputs);
  return names.length === 0 ? undefined : names.join(', ');
}

/**
 * Returns the JSON of all resources in a stack, with their inputs. Resources are sorted, so that a
 * change of the program results in a diff that can be reviewed.
 */
async function snapshotOf(stack: Stack): Promise<string> {
  const { deployment } = await stack.exportStack();
  const resources = (deployment.resources as Resource[])
    .filter(({ type }) => !/^pulumi:(providers|pulumi)/.test(type))
    .map((resource) => ({
      resource: shown(nameOf(resource.urn)),
      type: resource.type,
      in: nameOf(resource.parent),
      ...(resource.protect && { protect: true }),
      ...(resource.retainOnDelete && { retainOnDelete: true }),
      replacedBy: replacedBy(resource),
      inputs: shown(resource.inputs),
    }))
    .sort((a, b) => (`${a.type} ${a.resource}` < `${b.type} ${b.resource}` ? -1 : 1));
  return `${JSON.stringify(resources, null, 2)}\n`;
}

describe.skipIf(!engineIsHere)('the resources of each stack match the reviewed snapshot', () => {
  test.each(Object.keys(remaining) as StackName[])('%s', async (name) => {
    const { stack } = await deployed(name);
    const actual = await snapshotOf(stack);
    const file = join(import.meta.dirname, 'snapshots', `${name}.json`);
    // A failing test does not update the file. Only `pnpm snapshot` writes it.
    if (process.env['WRITE_SNAPSHOTS']) writeFileSync(file, actual);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(actual));
    expect(actual).not.toContain(image('1').slice(-64));
  });
});
