import { Failure, previewed, type Step } from './cli.ts';
import { differences } from './differences.ts';

/** What a release may change, in the service alone. */
const releasable = [/^template\.containers\.0\.image$/, /^traffics(\.|$)/];

const quiet = ['same', 'read', 'refresh'];

const changes = ({ op, urn }: Step) => !quiet.includes(op) && !urn.includes('::pulumi:pulumi:Stack::');

/**
 * The image that `up` built leaves the state when the pipeline brings its own; in the registry it
 * stays.
 */
const forgetsBuiltImage = ({ op, urn }: Step) => op === 'delete' && urn.includes('docker-build:index:Image::');

/** `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME` -> TYPE NAME */
function describe(urn: string): string {
  const [, , types = '', name] = urn.split('::');
  return `${types.split('$').at(-1)} ${name}`;
}

/**
 * What in a preview is more than a release: another resource, or another property of the service.
 */
export function beyondRelease(steps: readonly Step[]): string[] {
  return steps
    .filter((step) => changes(step) && !forgetsBuiltImage(step))
    .flatMap(({ op, urn, oldState, newState }) => {
      if (op !== 'update' || !urn.includes('gcp:cloudrunv2/service:Service::')) return [`${op} ${describe(urn)}`];
      return differences(oldState?.inputs, newState?.inputs)
        .filter((path) => !releasable.some((allowed) => allowed.test(path)) && !path.startsWith('__'))
        .map((path) => `update ${describe(urn)}: ${path}`);
    });
}

/**
 * Previews an `up`.
 *
 * @returns whether it would change anything
 * @throws {Failure} that lists what goes beyond a release: a person has to review and apply it
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
