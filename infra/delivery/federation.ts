import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../settings/index.ts';

const poolId = 'github';
const poolName = 'pool';
const providerIds = { main: 'github-main', pullRequests: 'github-pull-requests' } as const;

/** GitHub environments whose jobs may authenticate: `sign` signs images, the others deploy. */
const environments = ['sign', 'preprod', 'production'] as const;

/** A GitHub job, as the workload identity pool identifies it. */
export type Job = 'main' | 'pull_request' | `environment:${string}`;

/**
 * Returns the pool's subject of a job. It consists of GitHub's numeric repository id and of single
 * claims. GitHub's own `sub` has two forms, with names alone or with names and ids, depending on
 * when the repository was created, renamed or transferred
 * (https://docs.github.com/actions/reference/security/oidc#immutable-subject-claims).
 */
function subjectOf({ repositoryId }: GitHub, job: Job): string {
  return `${repositoryId}:${job}`;
}

/** Returns the IAM principal of one job: a literal subject, never a principal set. */
export function principalOf(projectNumber: string, github: GitHub, job: Job): string {
  return `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${poolId}/subject/${subjectOf(github, job)}`;
}

/** Lets one job impersonate a service account. */
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
 * The claims that a provider accepts in GitHub's token. All claims are strings, including numbers
 * and booleans.
 */
interface Trust {
  readonly id: string;
  readonly displayName: string;
  /**
   * CEL expression. `google.subject` is limited to 127 bytes:
   * https://cloud.google.com/iam/docs/workload-identity-federation#mapping
   */
  readonly subject: string;
  /**
   * CEL expressions, all of which must hold. They compare ids because a repository or owner name
   * can be reused by another account.
   */
  readonly conditions: readonly string[];
}

/** Returns the trust in jobs of the default branch, with or without an environment. */
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
      // Any branch may use an environment unless GitHub's branch rule for the environment forbids
      // it. That rule may be missing.
      "assertion.ref == 'refs/heads/main'",
      "assertion.ref_protected == 'true'",
      // Excludes pull_request_target, which runs on this ref for pull requests from any fork.
      "assertion.event_name in ['push', 'schedule', 'workflow_dispatch']",
      `google.subject in [${subjects.join(', ')}]`,
    ],
  };
}

/**
 * Returns the trust in jobs of pull requests from branches of the repository itself. GitHub issues
 * no token to jobs of forks.
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
 * Finds the pool and the providers that a destroyed stack left behind.
 *
 * @returns ids for `pulumi import`, by resource name. Resources that are missing or unreadable are
 * omitted.
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
 * A workload identity pool that authenticates jobs of one GitHub repository without a stored key.
 * Permissions are granted to each job's principal.
 */
export class Federation extends pulumi.ComponentResource {
  readonly pool: gcp.iam.WorkloadIdentityPool;
  /** Full names of the providers, for the workflows. */
  readonly mainProvider: pulumi.Output<string>;
  readonly pullRequestProvider: pulumi.Output<string>;

  constructor(settings: Settings, github: GitHub, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:Federation', 'federation', {}, opts);
    const { project } = settings;
    // Google reserves the ids of a deleted pool and its providers for 30 days and rejects their
    // reuse. They are therefore kept on destroy. A pool grants no access once the accounts are
    // deleted, and `findFederation` adopts it when the stack is created again.
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
