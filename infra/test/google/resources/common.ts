import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import { permissionsOf } from '../iam.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { unknown } from '../validate.ts';

export const text = (inputs: Properties, name: string): string => String(inputs[name]);

/**
 * Returns a list with an error if an argument does not match a pattern, otherwise an empty list.
 * Unknown values always pass.
 */
export function form(inputs: Properties, name: string, pattern: RegExp, rule: string): string[] {
  const value = inputs[name];
  return value === undefined || value === unknown || pattern.test(String(value))
    ? []
    : [`${name} ${rule}`];
}

function admitRole(role: string, cloud: Cloud): void {
  if (permissionsOf(role, cloud) === undefined)
    throw new GoogleError(400, `Role ${role} is not supported for this resource.`);
}

function admitMember(member: string, cloud: Cloud): void {
  const [kind, name] = [
    member.slice(0, member.indexOf(':')),
    member.slice(member.indexOf(':') + 1),
  ];
  if (kind === 'serviceAccount') {
    const accounts = [
      ...cloud.of('gcp:serviceaccount/account:Account'),
      ...cloud.of('gcp:projects/serviceIdentity:ServiceIdentity'),
    ];
    if (accounts.some(({ outputs }) => outputs['email'] === name)) return;
    // Service agents of Google exist in every project that uses their service.
    if (/^service-\d+@gcp-sa-[a-z]+\.iam\.gserviceaccount\.com$/.test(name)) return;
    throw new GoogleError(400, `Service account ${name} does not exist.`);
  }
  if (kind === 'principal') {
    const pool =
      /^\/\/iam\.googleapis\.com\/projects\/(\d+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/subject\/.+$/.exec(
        name,
      );
    if (pool?.[1] && cloud.projects.some(({ number }) => number === pool[1])) return;
  }
  throw new GoogleError(
    400,
    `Invalid argument: The member ${kind}:... is of an unknown type or does not exist.`,
  );
}

/**
 * Returns a resource type for IAM members: each resource grants one role to one member. Adding an
 * existing member is not an error.
 */
export function member(scope: readonly string[], api?: string): ResourceType {
  return {
    ...(api && { api }),
    replacedBy: [...scope, 'role', 'member', 'condition'],
    idempotent: true,
    id: (inputs) =>
      [
        ...scope.map((name) => text(inputs, name)),
        text(inputs, 'role'),
        text(inputs, 'member'),
        conditionTitle(inputs),
      ]
        .filter(Boolean)
        .join('/'),
    admit(inputs, cloud) {
      admitRole(text(inputs, 'role'), cloud);
      admitMember(text(inputs, 'member'), cloud);
    },
    outputs: () => ({ etag: 'BwY=' }),
  };
}

function conditionTitle(inputs: Properties): string {
  return ((inputs['condition'] as Properties | undefined)?.['title'] as string | undefined) ?? '';
}
