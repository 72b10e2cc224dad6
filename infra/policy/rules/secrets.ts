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
  description: 'Secrets are read by those who were given the one secret.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (role !== accessor || /^gcp:secretmanager\/(s|regionalS)ecretIamMember:/.test(type)) return;
    refuse(
      `${role} is not given to one member on one secret`,
      'On a project it opens every secret, those of other services and later ones too; a binding takes the access of others',
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
  description: 'Values of secrets are added to Secret Manager, not declared.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!/^gcp:secretmanager\/(s|regionalS)ecretVersion:/.test(type)) return;
    refuse(
      'The value of a secret is declared',
      'It would be in the state, for everybody who may read that',
      'Add the version with secrets:generate, and name its number in the stack',
    );
  }),
};

/**
 * Rejects project-wide roles on secrets. Source: Google, "Secret Manager best practices" (grant
 * roles at the lowest level of the resource hierarchy).
 */
export const noSecretRolesAcrossProjects: ResourceValidationPolicy = {
  name: 'secret-no-project-wide-roles',
  description: 'No role on secrets holds for a whole project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || role === accessor || !role.startsWith('roles/secretmanager.'))
      return;
    refuse(
      `${role} is given on the whole project`,
      'It reaches every secret there, also those made later',
      'Give it on the one secret, or put the single permission into a custom role',
    );
  }),
};
