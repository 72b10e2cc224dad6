import { GoogleError } from '../error.ts';
import type { ResourceType } from '../resource-type.ts';
import { form, member, text } from './common.ts';

export const secrets: Record<string, ResourceType> = {
  'gcp:secretmanager/secret:Secret': {
    api: 'secretmanager.googleapis.com',
    message: ['secretmanager-v1', 'Secret'],
    fields: { auto: 'automatic' },
    replacedBy: ['project', 'secretId', 'replication'],
    id: (inputs) => `projects/${text(inputs, 'project')}/secrets/${text(inputs, 'secretId')}`,
    check: (inputs) =>
      form(inputs, 'secretId', /^[A-Za-z0-9_-]{1,255}$/, 'must be 1 to 255 of letters, digits, _ and -'),
    outputs: (inputs, cloud) => ({
      name: `projects/${cloud.project(text(inputs, 'project')).number}/secrets/${text(inputs, 'secretId')}`,
    }),
    protectedBy: (outputs) => (outputs['deletionProtection'] === true ? 'deletionProtection is on' : undefined),
    afterDelete({ id }, cloud) {
      for (const name of cloud.secretVersions.keys()) {
        if (!name.startsWith(`${id}/`)) continue;
        cloud.secretVersions.delete(name);
        cloud.resources.delete(name);
      }
    },
  },
  'gcp:secretmanager/secretVersion:SecretVersion': {
    replacedBy: ['secret', 'secretData', 'secretDataWoVersion', 'isSecretDataBase64'],
    id: (inputs, cloud) => {
      const secret = text(inputs, 'secret');
      const numbers = [...cloud.secretVersions.keys()]
        .filter((name) => name.startsWith(`${secret}/versions/`))
        .map((name) => Number(name.split('/').at(-1)));
      return `${secret}/versions/${Math.max(0, ...numbers) + 1}`;
    },
    admit(inputs, cloud) {
      if (!cloud.resources.has(text(inputs, 'secret')))
        throw new GoogleError(404, `Secret [${inputs['secret']}] not found.`);
    },
    outputs(inputs, cloud, before) {
      const name = before?.id ?? this.id(inputs, cloud);
      return { name, version: name.split('/').at(-1), enabled: true };
    },
    afterWrite({ id, inputs }, cloud) {
      cloud.secretVersions.set(id, { value: text(inputs, 'secretData'), enabled: true });
    },
    abandons: (outputs) => outputs['deletionPolicy'] === 'ABANDON',
    afterDelete: ({ id }, cloud) => void cloud.secretVersions.delete(id),
  },
  'gcp:secretmanager/secretIamMember:SecretIamMember': {
    ...member(['project', 'secretId'], 'secretmanager.googleapis.com'),
    admit(inputs, cloud, before) {
      if (!cloud.resources.has(`projects/${inputs['project']}/secrets/${inputs['secretId']}`)) {
        throw new GoogleError(404, `Secret [${inputs['secretId']}] not found.`);
      }
      member([]).admit?.(inputs, cloud, before);
    },
  },
};
