import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { repositoryId } from '../image-names.ts';

const days = (count: number) => `${count * 86_400}s`;

/**
 * The image repository. Its tags are immutable, so that an image cannot be replaced under its tag
 * after it was tested.
 */
export class ImageRegistry extends pulumi.ComponentResource {
  readonly repository: gcp.artifactregistry.Repository;

  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    // The type differs from the name of the class, because a new type would replace the resources.
    super('andamio:project:Registry', 'registry', {}, opts);
    this.repository = new gcp.artifactregistry.Repository(
      'images',
      {
        project: settings.project,
        location: settings.region,
        repositoryId,
        format: 'DOCKER',
        description: 'Images of the API service',
        dockerConfig: { immutableTags: true },
        vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
        // Because tags are immutable, cleanup deletes only untagged versions. Releases remain
        // available for rollbacks.
        cleanupPolicies: [
          { id: 'keep-recent', action: 'KEEP', mostRecentVersions: { keepCount: 20 } },
          {
            id: 'drop-untagged',
            action: 'DELETE',
            condition: { tagState: 'UNTAGGED', olderThan: days(30) },
          },
        ],
      },
      // A rollback needs the images of earlier releases.
      { parent: this, protect: settings.protect },
    );
    // Cloud Run pulls images as its service agent. Google creates this agent on demand.
    const agent = new gcp.projects.ServiceIdentity(
      'cloud-run-agent',
      { project: settings.project, service: 'run.googleapis.com' },
      { parent: this },
    );
    new gcp.artifactregistry.RepositoryIamMember(
      'cloud-run-pulls',
      {
        project: settings.project,
        location: settings.region,
        repository: this.repository.name,
        role: 'roles/artifactregistry.reader',
        member: agent.member,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
