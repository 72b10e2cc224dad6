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
        `gcp:project is ${project}, but this project cannot be read. The project must exist, and your account must have ` +
          `access to it (gcloud auth application-default login). Google's response: ${(error as Error).message}`,
      );
    });
  if (projectNumber !== undefined && projectNumber !== number) {
    throw new pulumi.RunError(
      `gcp:project is ${project}, the project with the number ${number}, but ${pulumi.getProject()}:projectNumber is ` +
        `${projectNumber}. To print the id of that project, run: ` +
        `gcloud projects describe ${projectNumber} --format='value(projectId)'`,
    );
  }
  return number;
}
