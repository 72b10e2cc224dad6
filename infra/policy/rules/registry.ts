import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forKind } from '../validation.ts';

/**
 * Requires immutable tags in image repositories, so that a tag always refers to the same image.
 * Source: Google, "Artifact Registry: Container image tags".
 */
export const immutableTags: ResourceValidationPolicy = {
  name: 'registry-immutable-tags',
  description: 'Image tags are immutable.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('repository', ({ dockerConfig, format, mode }, refuse) => {
    // Remote and virtual repositories do not have tags of their own.
    const ownsTags = (mode ?? 'STANDARD_REPOSITORY') === 'STANDARD_REPOSITORY';
    if (format.toUpperCase() !== 'DOCKER' || !ownsTags || dockerConfig?.immutableTags) return;
    refuse(
      'Tags of the repository can be moved to another image',
      'The image of a release could be replaced under the same tag after it was tested',
      'Set dockerConfig.immutableTags',
    );
  }),
};
