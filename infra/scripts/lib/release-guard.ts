import { Failure, previewed, type Step } from './cli.ts';
import { differences } from './differences.ts';

/**
 * The properties that a release may change, by resource type: the image and traffic of the service,
 * and the image of its admin job.
 */
const releasable: Readonly<Record<string, readonly RegExp[]>> = {
  'gcp:cloudrunv2/service:Service': [/^template\.containers\.0\.image$/, /^traffics(\.|$)/],
  'gcp:cloudrunv2/job:Job': [/^template\.template\.containers\.0\.image$/],
};

const quiet = ['same', 'read', 'refresh'];

const changes = ({ op, urn }: Step) =>
  !quiet.includes(op) && !urn.includes('::pulumi:pulumi:Stack::');

/**
 * Reports whether a step only removes the image resource of an earlier `up` from the state. This
 * step occurs when the settings specify an image. The image itself stays in the registry.
 */
export const forgetsBuiltImage = ({ op, urn }: Step) =>
  op === 'delete' && urn.includes('docker-build:index:Image::');

/** Returns the type and name in a URN of the form `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`. */
function partsOf(urn: string): { readonly type: string; readonly name: string } {
  const [, , types = '', name = ''] = urn.split('::');
  return { type: types.split('$').at(-1) as string, name };
}

/**
 * Returns the changes in a preview that a release must not make: changes of other resources, or of
 * other properties of the service and its admin job.
 */
export function beyondRelease(steps: readonly Step[]): string[] {
  return steps
    .filter((step) => changes(step) && !forgetsBuiltImage(step))
    .flatMap(({ op, urn, oldState, newState }) => {
      const { type, name } = partsOf(urn);
      const allowed = releasable[type];
      if (op !== 'update' || allowed === undefined) return [`${op} ${type} ${name}`];
      return differences(oldState?.inputs, newState?.inputs)
        .filter((path) => !allowed.some((each) => each.test(path)) && !path.startsWith('__'))
        .map((path) => `update ${type} ${name}: ${path}`);
    });
}

/**
 * Previews an `up` and verifies that it changes nothing beyond a release.
 *
 * @returns true if the `up` would change a resource
 * @throws {Failure} with the other changes, which a person must review and apply
 */
export function assertReleaseOnly(stack: string): boolean {
  const steps = previewed(stack);
  const beyond = beyondRelease(steps);
  if (beyond.length === 0) return steps.some((step) => changes(step));
  throw new Failure(
    [
      'This is more than a release, and a person has to apply it (pulumi up):',
      ...beyond.map((each) => `  ${each}`),
    ].join('\n'),
  );
}
