import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';
import { attestorId, repositoryId } from '../image-names.ts';
import { deployPermissions, releasePermissions } from '../permissions.ts';
import { allowImpersonation, principalOf } from '../project/federation.ts';

/**
 * Returns an IAM condition for the state bucket that allows access only to the state of one stack.
 * The condition also allows access to the bucket itself, which the listing of objects requires.
 * https://www.pulumi.com/docs/iac/concepts/state-and-backends/ describes the folders.
 */
function ownState(bucket: string, stack: string): gcp.types.input.storage.BucketIAMMemberCondition {
  const objects = `projects/_/buckets/${bucket}/objects/.pulumi`;
  const name = `${pulumi.getProject()}/${stack}`;
  // Each prefix ends with the character after the stack's name, so that access to `prod` does not
  // include `prod-eu`.
  const own = [
    `stacks/${name}.`,
    `backups/${name}/`,
    `history/${name}/`,
    `locks/organization/${name}/`,
  ].map((path) => `resource.name.startsWith("${objects}/${path}")`);
  const all = [
    'resource.type == "storage.googleapis.com/Bucket"',
    `resource.name == "${objects}/meta.yaml"`,
    ...own,
  ];
  return { title: 'only-its-state', expression: all.join(' || ') };
}

/**
 * Allows the release account to verify that an image is attested:
 * https://cloud.google.com/binary-authorization/docs/roles-permissions
 */
function allowVerification(
  { project }: Settings,
  member: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  new gcp.containeranalysis.NoteIamMember(
    'deploy-reads-attestations',
    { project, note: attestorId, role: 'roles/containeranalysis.notes.occurrences.viewer', member },
    opts,
  );
  new gcp.binaryauthorization.AttestorIamMember(
    'deploy-verifies',
    { project, attestor: attestorId, role: 'roles/binaryauthorization.attestorsVerifier', member },
    opts,
  );
}

export interface ReleaseIdentityArgs {
  readonly settings: Settings;
  readonly projectNumber: string;
  readonly github: GitHub;
  readonly environment: string;
  readonly service: gcp.cloudrunv2.Service;
  readonly adminJob: gcp.cloudrunv2.Job;
  readonly runtimeAccount: gcp.serviceaccount.Account;
}

/**
 * The identity of release jobs. It can update the service and its admin job, pull images, and write
 * the stack's state. It can neither execute the job nor push images.
 */
export class ReleaseIdentity extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(args: ReleaseIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    // The type differs from the name of the class, because a new type would replace the resources.
    super('andamio:service:Deployment', 'deployment', {}, opts);
    const { settings, github } = args;
    const { project, region, service, stateBucket } = settings;
    const parent = { parent: this };
    this.account = new gcp.serviceaccount.Account(
      'deploy-account',
      { project, accountId: `${service}-ci`, displayName: `Deploys releases of ${service}` },
      parent,
    );
    const { member } = this.account;
    const job = principalOf(args.projectNumber, github, `environment:${args.environment}`);
    allowImpersonation('deploy-job', this.account, job, parent);

    const role = (
      name: string,
      suffix: string,
      description: string,
      permissions: readonly string[],
    ) =>
      new gcp.projects.IAMCustomRole(
        name,
        {
          project,
          roleId: `${service.replaceAll('-', '_')}_${suffix}`,
          title: `${description} of ${service}`,
          description,
          permissions: [...permissions],
        },
        parent,
      ).name;
    const release = {
      project,
      location: region,
      role: role('release-role', 'release', 'Releases', releasePermissions.workloads),
      member,
    };
    new gcp.cloudrunv2.ServiceIamMember(
      'deploy-releases',
      { ...release, name: args.service.name },
      parent,
    );
    new gcp.cloudrunv2.JobIamMember(
      'deploy-releases-job',
      { ...release, name: args.adminJob.name },
      parent,
    );
    new gcp.projects.IAMMember(
      'deploy-looks-up',
      {
        project,
        role: role('deploy-role', 'deploy', 'Lookups for releases', deployPermissions),
        member,
      },
      parent,
    );
    new gcp.serviceaccount.IAMMember(
      'deploy-acts-as-runtime',
      { serviceAccountId: args.runtimeAccount.name, role: 'roles/iam.serviceAccountUser', member },
      parent,
    );
    // Cloud Run requires read access to the image repository from the account that deploys:
    // https://cloud.google.com/run/docs/deploying#permissions_required_to_deploy
    new gcp.artifactregistry.RepositoryIamMember(
      'deploy-pulls',
      {
        project,
        location: region,
        repository: repositoryId,
        role: 'roles/artifactregistry.reader',
        member,
      },
      parent,
    );
    if (settings.requireAttestation) allowVerification(settings, member, parent);
    if (stateBucket !== undefined) {
      new gcp.storage.BucketIAMMember(
        'deploy-keeps-state',
        {
          bucket: stateBucket,
          role: 'roles/storage.objectUser',
          member,
          condition: ownState(stateBucket, pulumi.getStack()),
        },
        parent,
      );
    }
    this.registerOutputs();
  }
}
