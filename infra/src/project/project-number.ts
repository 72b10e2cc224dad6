import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/**
 * Looks up the project's number.
 *
 * @throws {pulumi.RunError} if the project does not exist, the caller cannot read it, or its number
 * differs from the setting `projectNumber`
 */
export async function findProjectNumber({ project, projectNumber }: Settings): Promise<string> {
  const { number } = await gcp.organizations
    .getProject({ projectId: project })
    .catch((error: unknown) => {
      throw new pulumi.RunError(
        `gcp:project names the project ${project}, which cannot be read: it must exist, and you must be signed in as somebody ` +
          `who may see it (gcloud auth application-default login). Google says: ${(error as Error).message}`,
      );
    });
  if (projectNumber !== undefined && projectNumber !== number) {
    throw new pulumi.RunError(
      `gcp:project names the project ${project}, whose number is ${number}, but ${pulumi.getProject()}:projectNumber is ` +
        `${projectNumber}. The id of that project is printed by: ` +
        `gcloud projects describe ${projectNumber} --format='value(projectId)'`,
    );
  }
  return number;
}
