import type { ResourceValidation, ResourceValidationArgs } from '@pulumi/policy';
import { forEachKnown, forResources, type Refuse } from './validation.ts';

interface Grant {
  readonly role: string;
  readonly members: readonly string[];
}

interface IamInputs extends Grant {
  readonly member: string;
  readonly policyData: string;
}

/**
 * Pattern of Google's IAM resource types. It matches all types, regardless of the resource that
 * they grant access to.
 */
const iamType = /^gcp:\w+\/\w+:\w*I(?:am|AM)(?<form>Member|Binding|Policy)$/;

/**
 * Returns the grants that an IAM resource declares. Role and members are read lazily, because each
 * of them may be unknown at preview.
 */
function grantsOf({ type, props }: ResourceValidationArgs): readonly Grant[] {
  const inputs = props as IamInputs;
  switch (iamType.exec(type)?.groups?.['form']) {
    case 'Member':
      return [
        {
          get role() {
            return inputs.role;
          },
          get members() {
            return [inputs.member];
          },
        },
      ];
    case 'Binding':
      return [inputs];
    case 'Policy':
      return (JSON.parse(inputs.policyData) as { bindings?: Grant[] }).bindings ?? [];
    default:
      return [];
  }
}

/** Returns a validation function that checks each member of each grant, on any type of resource. */
export function forMembers(
  check: (member: string, refuse: Refuse, grant: Grant, args: ResourceValidationArgs) => void,
): ResourceValidation {
  return forResources((args, refuse) => {
    for (const grant of grantsOf(args)) {
      forEachKnown(grant.members, (member) => check(member, refuse, grant, args));
    }
  });
}

/** Returns a validation function that checks the role of each grant, on any type of resource. */
export function forRoles(
  check: (role: string, refuse: Refuse, args: ResourceValidationArgs) => void,
): ResourceValidation {
  return forResources((args, refuse) => {
    for (const grant of grantsOf(args)) check(grant.role, refuse, args);
  });
}

/**
 * Reports whether an IAM resource type grants access to a whole project, folder or organization.
 */
export function isProjectWide(type: string): boolean {
  return /^gcp:(projects|folder|organizations)\//.test(type);
}
