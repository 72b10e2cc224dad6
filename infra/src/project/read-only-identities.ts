import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';
import { driftPermissions, previewPermissions } from '../permissions.ts';
import { allowImpersonation, type Federation, type Job, principalOf } from './federation.ts';

/** The read-only identities for pull request previews and nightly drift detection. */
export class ReadOnlyIdentities extends pulumi.ComponentResource {
  readonly previewAccount: pulumi.Output<string>;
  readonly driftAccount: pulumi.Output<string>;

  constructor(
    settings: Settings,
    projectNumber: string,
    github: GitHub,
    federation: Federation,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    // The type differs from the name of the class, because a new type would replace the resources.
    super('andamio:project:Readers', 'readers', {}, opts);
    const { project, stateBucket } = settings;
    const parent = { parent: this };

    const reader = (
      name: string,
      displayName: string,
      job: Job,
      permissions: readonly string[],
    ) => {
      const account = new gcp.serviceaccount.Account(
        `${name}-account`,
        { project, accountId: `andamio-${name}`, displayName },
        parent,
      );
      allowImpersonation(`${name}-job`, account, principalOf(projectNumber, github, job), {
        ...parent,
        dependsOn: [federation.pool],
      });
      const role = new gcp.projects.IAMCustomRole(
        `${name}-role`,
        {
          project,
          roleId: `andamio_${name}`,
          title: displayName,
          description: 'Reads the settings of resources, but not their content',
          permissions: [...permissions],
        },
        parent,
      );
      new gcp.projects.IAMMember(
        `${name}-reads`,
        { project, role: role.name, member: account.member },
        parent,
      );
      if (stateBucket !== undefined) {
        new gcp.storage.BucketIAMMember(
          `${name}-reads-state`,
          { bucket: stateBucket, role: 'roles/storage.objectViewer', member: account.member },
          parent,
        );
      }
      return account.email;
    };
    this.previewAccount = reader(
      'preview',
      'Previews pull requests',
      'pull_request',
      previewPermissions,
    );
    this.driftAccount = reader('drift', 'Detects drift', 'main', driftPermissions);
    this.registerOutputs();
  }
}
