import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../settings/index.ts';

const poolId = 'github';
const poolName = 'pool';
const providerIds = { main: 'github-main', pullRequests: 'github-pull-requests' } as const;

/** Environments on GitHub whose jobs may sign in: one signs images, the others deploy. */
const environments = ['sign', 'preprod', 'production'] as const;

/** A job on GitHub, as the pool knows it. */
export type Job = 'main' | 'pull_request' | `environment:${string}`;

/**
 * Returns the subject of a job in the pool. It is made of GitHub's numeric id of the repository and
 * of single claims: GitHub's own `sub` has two forms, with names alone or with names and ids,
 * depending on when the repository was created, renamed or transferred
 * (https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims).
 */
function subjectOf({ repositoryId }: GitHub, job: Job): string {
  return `${repositoryId}:${job}`;
}

/**
 * Returns the one job that may act as an account, as IAM names it: a literal subject, never a set.
 */
export function principalOf(projectNumber: string, github: GitHub, job: Job): string {
  return `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${poolId}/subject/${subjectOf(github, job)}`;
}

/** Lets one job act as a service account. */
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
 * What a provider takes from GitHub's token. Claims are strings, numbers and truth values included.
 */
interface Trust {
  readonly id: string;
  readonly displayName: string;
  /**
   * CEL. `google.subject` may have 127 bytes:
   * https://cloud.google.com/iam/docs/workload-identity-federation#mapping
   */
  readonly subject: string;
  /** CEL, each of which must hold. The ids outlive a name that somebody else takes. */
  readonly conditions: readonly string[];
}

/** Jobs of the default branch, with or without an environment. */
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
      // Any branch may name an environment, and GitHub's own rule for its branches may be missing.
      "assertion.ref == 'refs/heads/main'",
      "assertion.ref_protected == 'true'",
      // Not pull_request_target, which runs on this ref for whoever opens a pull request.
      "assertion.event_name in ['push', 'schedule', 'workflow_dispatch']",
      `google.subject in [${subjects.join(', ')}]`,
    ],
  };
}

/**
 * Jobs of pull requests from branches of the repository itself; GitHub gives those of forks no
 * token.
 */
function pullRequests(github: GitHub): Trust {
  return {
    id: providerIds.pullRequests,
    displayName: 'GitHub Actions on pull requests',
    subject: "assertion.repository_id + ':pull_request'",
    conditions: ["assertion.event_name == 'pull_request'", `google.subject == '${subjectOf(github, 'pull_request')}'`],
  };
}

/**
 * Finds the pool and the providers that a destroyed stack has left.
 *
 * @returns ids for `pulumi import`, by the names of the resources. What is missing, or may not be read, is left out.
 */
export async function findFederation(project: string): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.allSettled([
    gcp.iam
      .getWorkloadIdentityPool({ project, workloadIdentityPoolId: poolId })
      .then(({ id }) => [poolName, id] as const),
    ...Object.values(providerIds).map(async (workloadIdentityPoolProviderId) => {
      const args = { project, workloadIdentityPoolId: poolId, workloadIdentityPoolProviderId };
      return [workloadIdentityPoolProviderId, (await gcp.iam.getWorkloadIdentityPoolProvider(args)).id] as const;
    }),
  ]);
  return new Map(found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
}

/**
 * Lets jobs of one repository in without a stored key. What each may do is granted to its
 * principal.
 */
export class Federation extends pulumi.ComponentResource {
  readonly pool: gcp.iam.WorkloadIdentityPool;
  /** The full names of the providers, for the workflows. */
  readonly mainProvider: pulumi.Output<string>;
  readonly pullRequestProvider: pulumi.Output<string>;

  constructor(settings: Settings, github: GitHub, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:Federation', 'federation', {}, opts);
    const { project } = settings;
    // Google would keep the ids of what is deleted for 30 days, and refuse to create them anew.
    // Without the accounts, which are deleted, the pool allows nothing; `findFederation` adopts it
    // when the stack comes up again.
    const retained = { parent: this, retainOnDelete: true };
    this.pool = new gcp.iam.WorkloadIdentityPool(
      poolName,
      { project, workloadIdentityPoolId: poolId, displayName: 'GitHub', description: `Jobs of ${github.repository}` },
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
