import { Failure } from './cli.ts';
import {
  changedProperties,
  changesResource,
  previewed,
  type Step,
  typeAndName,
} from './preview-steps.ts';

/**
 * The properties that a release may change, by resource type: the image and traffic of the service,
 * and the image of its admin job.
 */
const releasable: Readonly<Record<string, readonly RegExp[]>> = {
  'gcp:cloudrunv2/service:Service': [/^template\.containers\.0\.image$/, /^traffics(\.|$)/],
  'gcp:cloudrunv2/job:Job': [/^template\.template\.containers\.0\.image$/],
};

/**
 * Returns whether the only effect of a step is to remove the image resource of an earlier `up` from
 * the state. This step occurs when the settings specify an image. The image itself stays in the
 * registry.
 */
export const forgetsBuiltImage = ({ op, urn }: Step) =>
  op === 'delete' && urn.includes('docker-build:index:Image::');

/**
 * Returns the changes in a preview that a release must not make: changes of other resources, or of
 * other properties of the service and its admin job.
 */
export function beyondRelease(steps: readonly Step[]): string[] {
  return steps
    .filter((step) => changesResource(step) && !forgetsBuiltImage(step))
    .flatMap((step) => {
      const { type, name } = typeAndName(step.urn);
      const allowed = releasable[type];
      if (step.op !== 'update' || allowed === undefined) return [`${step.op} ${type} ${name}`];
      return changedProperties(step)
        .filter((path) => !allowed.some((each) => each.test(path)))
        .map((path) => `update ${type} ${name}: ${path}`);
    });
}

/**
 * Previews an `up`, and checks that it changes only what a release may change.
 *
 * @param until asks the preview to stop when it aborts
 * @returns true if the `up` would change any resource
 * @throws {Failure} if the `up` would change anything else. The message lists these changes, which
 * a person must review and apply.
 */
export async function assertReleaseOnly(stack: string, until: AbortSignal): Promise<boolean> {
  const steps = await previewed(stack, { until });
  const beyond = beyondRelease(steps);
  if (beyond.length === 0) return steps.some(changesResource);
  throw new Failure(
    [
      'The update changes more than a release may change. Review it, then apply it with `pulumi up`:',
      ...beyond.map((each) => `  ${each}`),
    ].join('\n'),
  );
}
