import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';

const poolId = 'github';
const poolName = 'pool';
const providerIds = { main: 'github-main', pullRequests: 'github-pull-requests' } as const;

/**
 * GitHub environments whose jobs may authenticate. The job in `sign` signs images. The jobs in the
 * others deploy.
 */
const environments = ['sign', 'preprod', 'production'] as const;

/** The part of a subject in the pool that identifies a GitHub job. */
export type Job = 'main' | 'pull_request' | `environment:${string}`;

/**
 * Returns a job's subject in the pool: GitHub's numeric repository id and the job. GitHub's own
 * `sub` is not used because it has two formats, with or without ids. The format depends on when the
 * repository was created, renamed or transferred:
 * https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims
 */
function subjectOf({ repositoryId }: GitHub, job: Job): string {
  return `${repositoryId}:${job}`;
}

/** Returns the IAM principal of one job. It is always a single subject, never a principal set. */
export function principalOf(projectNumber: string, github: GitHub, job: Job): string {
  return `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${poolId}/subject/${subjectOf(github, job)}`;
}

/** Allows one GitHub job to impersonate a service account. */
export function allowImpersonation(
  name: string,
  account: gcp.serviceaccount.Account,
  member: string,
  opts: pulumi.CustomResourceOptions,
): void {
  new gcp.serviceaccount.IAMMember(
    name,
    { serviceAccountId: account.name, role: 'roles/iam.workloadIdentityUser', member },
    opts,
  );
}

/**
 * The configuration of one provider: which tokens from GitHub it accepts. All claims in these
 * tokens are strings, even numbers and booleans.
 */
interface Trust {
  readonly id: string;
  readonly displayName: string;
  /**
   * CEL expression that computes `google.subject` from the token's claims. The result can have at
   * most 127 bytes: https://cloud.google.com/iam/docs/workload-identity-federation#mapping
   */
  readonly subject: string;
  /**
   * CEL expressions that must all be true. They compare ids instead of names, because another
   * account can reuse the name of a repository or owner.
   */
  readonly conditions: readonly string[];
}

/** Returns the provider for jobs on the default branch, with or without a GitHub environment. */
function mainBranch(github: GitHub, environment: string | undefined): Trust {
  const named = new Set([...environments, ...(environment === undefined ? [] : [environment])]);
  const subjects = (['main', ...[...named].map((name) => `environment:${name}`)] as Job[]).map(
    (job) => `'${subjectOf(github, job)}'`,
  );
  return {
    id: providerIds.main,
    displayName: 'GitHub Actions on main',
    subject:
      "assertion.repository_id + (has(assertion.environment) ? ':environment:' + assertion.environment : ':main')",
    conditions: [
      // GitHub lets every branch use an environment unless the environment has a branch rule. These
      // two conditions hold even if that rule is missing.
      "assertion.ref == 'refs/heads/main'",
      "assertion.ref_protected == 'true'",
      // Excludes pull_request_target, which runs on the default branch for pull requests from any
      // fork.
      "assertion.event_name in ['push', 'schedule', 'workflow_dispatch']",
      `google.subject in [${subjects.join(', ')}]`,
    ],
  };
}

/**
 * Returns the provider for pull requests from branches of the repository itself. GitHub issues no
 * tokens to pull requests from forks.
 */
function pullRequests(github: GitHub): Trust {
  return {
    id: providerIds.pullRequests,
    displayName: 'GitHub Actions on pull requests',
    subject: "assertion.repository_id + ':pull_request'",
    conditions: [
      "assertion.event_name == 'pull_request'",
      `google.subject == '${subjectOf(github, 'pull_request')}'`,
    ],
  };
}

/**
 * Finds the pool and the providers that remain from a destroyed stack.
 *
 * @returns import ids by resource name. Missing and unreadable resources are omitted.
 */
export async function findFederation(project: string): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.allSettled([
    gcp.iam
      .getWorkloadIdentityPool({ project, workloadIdentityPoolId: poolId })
      .then(({ id }) => [poolName, id] as const),
    ...Object.values(providerIds).map(async (workloadIdentityPoolProviderId) => {
      const args = { project, workloadIdentityPoolId: poolId, workloadIdentityPoolProviderId };
      return [
        workloadIdentityPoolProviderId,
        (await gcp.iam.getWorkloadIdentityPoolProvider(args)).id,
      ] as const;
    }),
  ]);
  return new Map(found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
}

/**
 * A workload identity pool, through which the jobs of one GitHub repository authenticate without a
 * stored key. Permissions are granted to individual jobs.
 */
export class Federation extends pulumi.ComponentResource {
  readonly pool: gcp.iam.WorkloadIdentityPool;
  /** Full name of the provider for jobs on the default branch. The workflows refer to it. */
  readonly mainProvider: pulumi.Output<string>;
  readonly pullRequestProvider: pulumi.Output<string>;

  constructor(settings: Settings, github: GitHub, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:Federation', 'federation', {}, opts);
    const { project } = settings;
    // Google reserves the ids of a deleted pool and its providers for 30 days. `destroy` therefore
    // keeps them, and `findFederation` finds them for a new stack. Meanwhile the pool grants no
    // access, because `destroy` deletes the accounts.
    const retained = { parent: this, retainOnDelete: true };
    this.pool = new gcp.iam.WorkloadIdentityPool(
      poolName,
      {
        project,
        workloadIdentityPoolId: poolId,
        displayName: 'GitHub',
        description: `Jobs of ${github.repository}`,
      },
      retained,
    );
    const providerOf = ({ id, displayName, subject, conditions }: Trust) =>
      new gcp.iam.WorkloadIdentityPoolProvider(
        id,
        {
          project,
          workloadIdentityPoolId: this.pool.workloadIdentityPoolId,
          workloadIdentityPoolProviderId: id,
          displayName,
          attributeMapping: { 'google.subject': subject },
          attributeCondition: [
            `assertion.repository_id == '${github.repositoryId}'`,
            `assertion.repository_owner_id == '${github.ownerId}'`,
            ...conditions,
          ].join(' && '),
          oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
        },
        retained,
      ).name;
    this.mainProvider = providerOf(mainBranch(github, settings.githubEnvironment));
    this.pullRequestProvider = providerOf(pullRequests(github));
    this.registerOutputs();
  }
}
