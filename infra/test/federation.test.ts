import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate } from '@marcbachmann/cel-js';
import { describe, expect, test } from 'vitest';

interface Resource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * The documented project's resources in the reviewed snapshots. Components are omitted, because
 * they have no inputs.
 */
const resources = ['shared', 'preprod', 'prod'].flatMap((stack) =>
  (
    JSON.parse(
      readFileSync(join(import.meta.dirname, `snapshots/${stack}.json`), 'utf8'),
    ) as Resource[]
  ).filter(({ inputs }) => inputs !== undefined),
);

const subjectOf = (inputs: Resource['inputs']) =>
  (inputs['attributeMapping'] as Record<string, string>)['google.subject'] as string;

/**
 * The claims of a GitHub token, all of which are strings:
 * https://docs.github.com/actions/reference/security/oidc#oidc-token-claims
 */
type Claims = Readonly<Record<string, string>>;

/**
 * Returns the account that a job can impersonate. Returns undefined if no provider accepts the
 * job's token, or no account trusts the token's subject.
 */
function accountFor(assertion: Claims): string | undefined {
  const subjects = resources
    .filter(
      ({ type }) => type === 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
    )
    .flatMap(({ inputs }) => {
      try {
        const subject = evaluate(subjectOf(inputs), { assertion }) as string;
        // The CEL evaluator of this test reserves the name `google`.
        const condition = (inputs['attributeCondition'] as string).replaceAll(
          'google.subject',
          'subject',
        );
        const admits = evaluate(condition, { assertion, subject });
        return admits === true ? [subject] : [];
      } catch {
        // A missing claim causes an error, and Google rejects the token if its condition causes an
        // error.
        return [];
      }
    });
  const accounts = resources
    .filter(({ inputs }) => inputs['role'] === 'roles/iam.workloadIdentityUser')
    .filter(({ inputs }) =>
      subjects.some((subject) => String(inputs['member']).endsWith(`/subject/${subject}`)),
    )
    .map(({ inputs }) => /([^/]+)@/.exec(String(inputs['serviceAccountId']))?.[1]);
  expect(accounts.length).toBeLessThan(2);
  return accounts[0];
}

const main: Claims = {
  iss: 'https://token.actions.githubusercontent.com',
  repository: 'example-owner/example-repository',
  repository_id: '1234567',
  repository_owner: 'example-owner',
  repository_owner_id: '7654321',
  ref: 'refs/heads/main',
  ref_protected: 'true',
  event_name: 'push',
};

const pullRequest: Claims = {
  ...main,
  ref: 'refs/pull/7/merge',
  ref_protected: 'false',
  event_name: 'pull_request',
};

/**
 * Repository part of both formats of GitHub's `sub`. Repositories that were created, renamed or
 * transferred since 2026-07-15 use the second format.
 */
const forms = {
  'names only': 'repo:example-owner/example-repository',
  'names and ids': 'repo:example-owner@7654321/example-repository@1234567',
};

describe.each(Object.entries(forms))('with a `sub` that contains %s', (_, repository) => {
  test.each([
    [
      'main',
      { ...main, sub: `${repository}:ref:refs/heads/main`, event_name: 'schedule' },
      'andamio-drift',
    ],
    ['a pull request', { ...pullRequest, sub: `${repository}:pull_request` }, 'andamio-preview'],
    ...['sign andamio-build', 'preprod andamio-api-preprod-ci', 'production andamio-api-ci'].map(
      (pair) => {
        const [environment, account] = pair.split(' ') as [string, string];
        const claims: Claims = {
          ...main,
          sub: `${repository}:environment:${environment}`,
          environment,
        };
        return [`the environment ${environment}`, claims, account] as const;
      },
    ),
  ] as const)('a job of %s can impersonate its own account only', (_job, claims, account) => {
    expect(accountFor(claims)).toBe(account);
  });
});

test.each([
  [
    'another branch with an environment',
    { ...main, ref: 'refs/heads/evil', environment: 'production' },
  ],
  ['a tag with an environment', { ...main, ref: 'refs/tags/main', environment: 'production' }],
  ['main without protection', { ...main, ref_protected: 'false', environment: 'production' }],
  [
    'main without the claim ref_protected',
    { ...main, ref_protected: undefined, environment: 'production' },
  ],
  [
    'pull_request_target, which runs on main',
    { ...main, event_name: 'pull_request_target', environment: 'production' },
  ],
  ['an environment of another name', { ...main, environment: 'staging' }],
  ['another branch', { ...main, ref: 'refs/heads/evil' }],
  [
    'a repository that took over the name',
    { ...main, repository_id: '999', environment: 'production' },
  ],
  [
    'an owner that took over the name',
    { ...main, repository_owner_id: '999', environment: 'production' },
  ],
] as const)('a job of %s does not sign in', (_, claims) => {
  const given = Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== undefined),
  );
  expect(accountFor(given as Claims)).toBeUndefined();
});

test('a pull request with an environment can preview but not deploy', () => {
  expect(accountFor({ ...pullRequest, environment: 'production' })).toBe('andamio-preview');
});

test('subjects do not exceed the 127 bytes that Google allows', () => {
  const longest = { ...main, repository_id: '9'.repeat(12), environment: 'e'.repeat(63) };
  const providers = resources.filter(({ inputs }) => 'attributeMapping' in inputs);
  expect(providers).toHaveLength(2);
  for (const { inputs } of providers)
    expect(
      (evaluate(subjectOf(inputs), { assertion: longest }) as string).length,
    ).toBeLessThanOrEqual(127);
});
