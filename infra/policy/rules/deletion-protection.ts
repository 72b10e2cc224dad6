import type { ResourceValidationPolicy } from '@pulumi/policy';
import { type Kind, types } from '../resources.ts';
import { isInProduction } from '../stacks.ts';
import { forKind, forResources } from '../validation.ts';

/**
 * Kinds of resources that contain data, or whose public name would be lost if they were deleted.
 */
const stateful: readonly Kind[] = ['database', 'secret', 'repository', 'service'];
const statefulTypes: readonly string[] = stateful.map((kind) => types[kind]);

/**
 * Requires the resource option `protect` in production, so that Pulumi cannot delete data. Source:
 * Pulumi, "Resource options: protect".
 */
export const protectedByPulumi: ResourceValidationPolicy = {
  name: 'production-protect',
  description: 'In production, Pulumi cannot delete resources that contain data.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type, urn, opts }, refuse) => {
    if (!isInProduction(urn) || !statefulTypes.includes(type) || opts.protect) return;
    refuse(
      'The resource is not protected',
      'Renaming the resource or destroying the wrong stack would delete it',
      'Set the resource option `protect`',
    );
  }),
};

/**
 * Requires Google's deletion protection in production. Sources: Google, "Firestore: Database delete
 * protection"; @pulumi/gcp, `deletionProtection` of Secret and Service.
 */
export const deletionProtected: ResourceValidationPolicy = {
  name: 'production-deletion-protection',
  description: 'In production, Google rejects the deletion of resources that contain data.',
  enforcementLevel: 'mandatory',
  validateResource: [
    forKind('database', ({ deleteProtectionState }, refuse, { urn }) => {
      if (!isInProduction(urn) || deleteProtectionState === 'DELETE_PROTECTION_ENABLED') return;
      refuse(
        'Deletion protection of the database is disabled',
        'A single command could delete the keys of all users',
        'Set deleteProtectionState to DELETE_PROTECTION_ENABLED',
      );
    }),
    ...(['secret', 'service'] as const).map((kind) =>
      forKind(kind, ({ deletionProtection }, refuse, { urn }) => {
        if (!isInProduction(urn) || deletionProtection) return;
        refuse(
          `Deletion protection of the ${kind} is disabled`,
          'A change that replaces the resource would delete it first and interrupt the service',
          'Set deletionProtection',
        );
      }),
    ),
  ],
};
