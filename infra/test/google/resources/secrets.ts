import { GoogleError } from '../error.ts';
import type { ResourceType } from '../resource-type.ts';
import { member } from './common.ts';

/** Grants on secrets. Secrets and their versions are created by gcloud; see rest.ts. */
export const secrets: Record<string, ResourceType> = {
  'gcp:secretmanager/secretIamMember:SecretIamMember': {
    ...member(['project', 'secretId'], 'secretmanager.googleapis.com'),
    admit(inputs, cloud, before) {
      if (!cloud.secrets.has(`projects/${inputs['project']}/secrets/${inputs['secretId']}`)) {
        throw new GoogleError(404, `Secret [${inputs['secretId']}] not found.`);
      }
      member([]).admit?.(inputs, cloud, before);
    },
  },
};
