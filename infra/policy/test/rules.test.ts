import { describe, expect, test } from 'vitest';
import { policies } from '../policies.ts';
import { attestationCases } from './cases/attestation.ts';
import { dataCases } from './cases/data.ts';
import { federationCases } from './cases/federation.ts';
import { identityCases } from './cases/identity.ts';
import { roleCases } from './cases/roles.ts';
import { runCases } from './cases/run.ts';
import { type Resource, unknown, violationsOf } from './harness/violations.ts';

const cases = {
  ...identityCases,
  ...roleCases,
  ...federationCases,
  ...runCases,
  ...dataCases,
  ...attestationCases,
};

/** Yields copies of a list of resources. In each copy, one property is unknown. */
function* withUnknowns(resources: readonly Resource[]): Generator<Resource[]> {
  for (const [index, resource] of resources.entries()) {
    for (const props of withUnknown(resource.props)) {
      yield resources.with(index, { ...resource, props: props as Resource['props'] });
    }
  }
}

function* withUnknown(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const changed of [unknown, ...withUnknown(inner)]) {
      yield Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
    }
  }
}

test('every policy has a unique name, and test cases that it accepts and refuses', () => {
  expect(Object.keys(cases).sort()).toEqual(policies.map(({ name }) => name).sort());
  for (const { accepts, refuses } of Object.values(cases)) {
    expect(Object.keys(accepts)).not.toEqual([]);
    expect(Object.keys(refuses)).not.toEqual([]);
  }
});

describe.each(policies.map((policy) => ({ policy, name: policy.name })))(
  '$name',
  ({ policy, name }) => {
    const { accepts, refuses } = cases[name] ?? { accepts: {}, refuses: {} };

    test('is mandatory, so that a violation stops the update', () => {
      expect(policy.enforcementLevel).toBe('mandatory');
    });

    test.each(Object.entries(accepts))('accepts: %s', async (_name, resources) => {
      expect(await violationsOf(policy, resources)).toEqual([]);
    });

    test.each(Object.entries(refuses))('refuses: %s', async (_name, [because, ...resources]) => {
      const violations = await violationsOf(policy, resources);
      expect(violations).toContainEqual(expect.stringMatching(because));
      for (const violation of violations) expect(violation).toMatch(/^.+\. .+\. .+\.$/);
    });

    test('refuses nothing because of an unknown value', async () => {
      for (const resources of Object.values(accepts).flatMap((accepted) => [
        ...withUnknowns(accepted),
      ])) {
        expect(await violationsOf(policy, resources)).toEqual([]);
      }
      for (const [, ...resources] of Object.values(refuses)) {
        for (const changed of withUnknowns(resources)) await violationsOf(policy, changed);
      }
    });
  },
);
