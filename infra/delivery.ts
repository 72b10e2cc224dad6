import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { repositoryId } from './registry.ts';
import type { GitHub, Settings } from './settings/index.ts';
import { secretIdOf } from './settings/service.ts';

const poolId = 'github';
const providerId = 'github-actions';

/** What a job says of itself in its token: https://docs.github.com/actions/reference/security/oidc */
const jobs = {
  pullRequest: 'pull_request',
  main: 'ref:refs/heads/main',
  environment: (name: string) => `environment:${name}`,
} as const;

const subject = ({ repository }: GitHub, job: string) => `repo:${repository}:${job}`;

/** The one job that may act as an account: a literal subject, never a set. */
function principal(projectNumber: string, github: GitHub, job: string): string {
  return `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${poolId}/subject/${subject(github, job)}`;
}

function lends(
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
 * The part of the bucket of all states that is one stack's: https://www.pulumi.com/docs/iac/concepts/state-and-backends/ tells
 * the folders. Listing is asked of the bucket itself.
 */
function ownState(bucket: string, stack: string): gcp.types.input.storage.BucketIAMMemberCondition {
  const objects = `projects/_/buckets/${bucket}/objects/.pulumi`;
  const own = ['stacks', 'backups', 'history', 'locks'].map(
    (folder) =>
      `resource.name.startsWith("${objects}/${folder}/${folder === 'locks' ? 'organization/' : ''}${pulumi.getProject()}/${stack}")`,
  );
  const all = ['resource.type == "storage.googleapis.com/Bucket"', `resource.name == "${objects}/meta.yaml"`, ...own];
  return { title: 'only-its-state', expression: all.join(' || ') };
}

/** The environments whose jobs may come in at all; which of them may deploy what is said on each account. */
const environments = ['preprod', 'production', 'dev'];

/** Lets jobs of one repository in without a stored key, and gives pull requests and the drift check what they may read. */
export class Federation extends pulumi.ComponentResource {
  /** For the workflows: the provider's full name. */
  readonly providerName: pulumi.Output<string>;
  readonly previewAccount: pulumi.Output<string>;

  constructor(settings: Settings, projectNumber: string, github: GitHub, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:project:Federation', 'federation', {}, opts);
    const { project } = settings;
    const parent = { parent: this };
    const pool = new gcp.iam.WorkloadIdentityPool(
      'pool',
      { project, workloadIdentityPoolId: poolId, displayName: 'GitHub', description: `Jobs of ${github.repository}` },
      parent,
    );
    const subjects = [jobs.pullRequest, jobs.main, ...environments.map(jobs.environment)].map((job) =>
      subject(github, job),
    );
    const provider = new gcp.iam.WorkloadIdentityPoolProvider(
      'provider',
      {
        project,
        workloadIdentityPoolId: pool.workloadIdentityPoolId,
        workloadIdentityPoolProviderId: providerId,
        displayName: 'GitHub Actions',
        attributeMapping: { 'google.subject': 'assertion.sub' },
        // The numbers stay when the repository or its owner changes name and somebody else takes the old one.
        attributeCondition: [
          `assertion.repository_id == '${github.repositoryId}'`,
          `assertion.repository_owner_id == '${github.ownerId}'`,
          `assertion.sub in [${subjects.map((each) => `'${each}'`).join(', ')}]`,
        ].join(' && '),
        oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
      },
      parent,
    );
    this.providerName = provider.name;

    const reader = (name: string, displayName: string, job: string, roles: readonly string[]) => {
      const account = new gcp.serviceaccount.Account(
        `${name}-account`,
        { project, accountId: `andamio-${name}`, displayName },
        parent,
      );
      lends(`${name}-job`, account, principal(projectNumber, github, job), { ...parent, dependsOn: [pool] });
      for (const role of roles) {
        new gcp.projects.IAMMember(
          `${name}-${role.replace('roles/', '').replaceAll('.', '-')}`,
          { project, role, member: account.member },
          parent,
        );
      }
      return account;
    };
    const preview = reader('preview', 'Previews pull requests', jobs.pullRequest, previewRoles);
    const drift = reader('drift', 'Compares what is with what should be', jobs.main, driftRoles);
    if (settings.stateBucket !== undefined) {
      for (const [name, { member }] of Object.entries({ preview, drift })) {
        new gcp.storage.BucketIAMMember(
          `${name}-reads-state`,
          { bucket: settings.stateBucket, role: 'roles/storage.objectViewer', member },
          parent,
        );
      }
    }
    this.previewAccount = preview.email;
    this.registerOutputs();
  }
}

/** A preview looks the project up, and whether an image is there. What it knows of the rest is in the state. */
const previewRoles = ['roles/browser', 'roles/artifactregistry.reader'] as const;

/** The drift check reads the settings of everything that the program made, and no content: no document, no secret's value. */
const driftRoles = [
  'roles/artifactregistry.reader',
  'roles/browser',
  'roles/datastore.viewer',
  'roles/iam.securityReviewer',
  'roles/logging.viewer',
  'roles/monitoring.viewer',
  'roles/run.viewer',
  'roles/serviceusage.serviceUsageViewer',
] as const;

/** What a release needs of Cloud Run: a new revision and the traffic, on the one service. */
const deployPermissions = [
  'run.operations.get',
  'run.revisions.get',
  'run.revisions.list',
  'run.services.get',
  'run.services.update',
] as const;

/** Whether a version of a secret exists and is enabled; its value stays out of reach. */
function seesSecret(
  name: string,
  settings: Settings,
  secret: string,
  member: pulumi.Input<string>,
  service: gcp.cloudrunv2.Service,
  opts: pulumi.CustomResourceOptions,
): void {
  new gcp.secretmanager.SecretIamMember(
    name,
    {
      project: settings.project,
      secretId: secretIdOf(settings.service, secret),
      role: 'roles/secretmanager.viewer',
      member,
    },
    // The service comes after its secrets.
    { ...opts, dependsOn: [service] },
  );
}

export interface DeploymentArgs {
  readonly settings: Settings;
  readonly projectNumber: string;
  readonly github: GitHub;
  readonly environment: string;
  readonly service: gcp.cloudrunv2.Service;
  readonly runtimeAccount: gcp.serviceaccount.Account;
  readonly secretNames: readonly string[];
}

/** The identity that brings releases out: image and traffic of this service, images in the registry, and nothing else. */
export class Deployment extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(args: DeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:service:Deployment', 'deployment', {}, opts);
    const { settings, github } = args;
    const { project, region } = settings;
    const parent = { parent: this };
    this.account = new gcp.serviceaccount.Account(
      'deploy-account',
      { project, accountId: `${settings.service}-ci`, displayName: `Brings out releases of ${settings.service}` },
      parent,
    );
    const { member } = this.account;
    lends(
      'deploy-job',
      this.account,
      principal(args.projectNumber, github, jobs.environment(args.environment)),
      parent,
    );

    const role = new gcp.projects.IAMCustomRole(
      'release-role',
      {
        project,
        roleId: `${settings.service.replaceAll('-', '_')}_release`,
        title: `Release ${settings.service}`,
        description: 'New revisions and traffic of a service',
        permissions: [...deployPermissions],
      },
      parent,
    );
    new gcp.cloudrunv2.ServiceIamMember(
      'deploy-releases',
      { project, location: region, name: args.service.name, role: role.name, member },
      parent,
    );
    new gcp.serviceaccount.IAMMember(
      'deploy-acts-as-runtime',
      { serviceAccountId: args.runtimeAccount.name, role: 'roles/iam.serviceAccountUser', member },
      parent,
    );
    new gcp.artifactregistry.RepositoryIamMember(
      'deploy-pushes',
      { project, location: region, repository: repositoryId, role: 'roles/artifactregistry.writer', member },
      parent,
    );
    new gcp.projects.IAMMember('deploy-finds-project', { project, role: 'roles/browser', member }, parent);
    for (const name of args.secretNames)
      seesSecret(`deploy-sees-${name}`, settings, name, member, args.service, parent);
    this.#mayUseState(settings, member, parent);
    // These accounts are the project's, and were created with it.
    for (const reader of ['preview', 'drift']) {
      const account = `serviceAccount:andamio-${reader}@${project}.iam.gserviceaccount.com`;
      for (const name of args.secretNames)
        seesSecret(`${reader}-sees-${name}`, settings, name, account, args.service, parent);
    }
    this.registerOutputs();
  }

  /** The stack's own state, where it is kept in the cloud. */
  #mayUseState(settings: Settings, member: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): void {
    if (settings.stateBucket !== undefined) {
      new gcp.storage.BucketIAMMember(
        'deploy-keeps-state',
        {
          bucket: settings.stateBucket,
          role: 'roles/storage.objectUser',
          member,
          condition: ownState(settings.stateBucket, pulumi.getStack()),
        },
        opts,
      );
    }
  }
}
