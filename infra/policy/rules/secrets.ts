import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forRoles, isProjectWide } from '../grants.ts';
import { forResources } from '../validation.ts';

const accessor = 'roles/secretmanager.secretAccessor';

/**
 * Requires that access to secret values is granted on individual secrets. Source: Google, "Secret
 * Manager best practices" (grant roles at the lowest level of the resource hierarchy).
 */
export const secretAccessPerSecret: ResourceValidationPolicy = {
  name: 'secret-access-per-secret',
  description: 'Access to secret values is granted on individual secrets.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (role !== accessor || /^gcp:secretmanager\/(s|regionalS)ecretIamMember:/.test(type)) return;
    refuse(
      `${role} is not granted to one member on one secret`,
      'A grant on a project applies to all secrets, including those of other services and future ones. A binding removes the access of other members',
      'Use secretmanager.SecretIamMember',
    );
  }),
};

/**
 * Rejects secret versions that are declared in the program. Pulumi stores declared values in its
 * state, where everyone with access to the state could read them.
 */
export const noSecretValuesInState: ResourceValidationPolicy = {
  name: 'secret-no-values-in-state',
  description: 'Secret values are not declared in the program.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!/^gcp:secretmanager\/(s|regionalS)ecretVersion:/.test(type)) return;
    refuse(
      'The program declares the value of a secret',
      'Everyone with access to the state could read the value',
      'Add the version with secrets:generate, and set its number in the stack',
    );
  }),
};

/**
 * Rejects project-wide roles on secrets. Source: Google, "Secret Manager best practices" (grant
 * roles at the lowest level of the resource hierarchy).
 */
export const noSecretRolesAcrossProjects: ResourceValidationPolicy = {
  name: 'secret-no-project-wide-roles',
  description: 'Secret Manager roles are not granted on a whole project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || role === accessor || !role.startsWith('roles/secretmanager.'))
      return;
    refuse(
      `${role} is granted on the whole project`,
      'The role applies to all secrets of the project, including future ones',
      'Grant the role on a single secret, or grant a custom role with the required permission',
    );
  }),
};
