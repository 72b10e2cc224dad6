import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forKind } from '../validation.ts';

/**
 * Requires immutable tags in image repositories, so that a tag always refers to the same image.
 * Source: Google, "Artifact Registry: Container image tags".
 */
export const immutableTags: ResourceValidationPolicy = {
  name: 'registry-immutable-tags',
  description: 'A tag of an image is never moved.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('repository', ({ dockerConfig, format, mode }, refuse) => {
    // Remote and virtual repositories do not have tags of their own.
    const ownsTags = (mode ?? 'STANDARD_REPOSITORY') === 'STANDARD_REPOSITORY';
    if (format.toUpperCase() !== 'DOCKER' || !ownsTags || dockerConfig?.immutableTags) return;
    refuse(
      'Tags of the repository can be moved',
      'What a release was built and signed as could be replaced by something else under the same tag',
      'Set dockerConfig.immutableTags',
    );
  }),
};
