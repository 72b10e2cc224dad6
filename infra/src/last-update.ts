import * as pulumi from '@pulumi/pulumi';
import { imageRequired, type SettingProblem, type Settings } from '../settings/stack-settings.ts';

/**
 * The location of a stack's service and database. It cannot change unless one of them is deleted.
 */
export interface Place {
  readonly project: string;
  readonly region: string;
  readonly service: string;
  readonly database: string;
}

export function placeOf({ project, region, service, database }: Settings): Place {
  return { project, region, service, database };
}

/** Outputs of the stack's last update. All members are undefined before the first update. */
export interface LastUpdate {
  readonly place: Place | undefined;
  /** The image of the latest revision. */
  readonly image: string | undefined;
  /** The image of the revision that receives the traffic. */
  readonly stableImage: string | undefined;
  /** The attestor of images, if the stack required attestation. */
  readonly attestor: string | undefined;
  /** The federation provider for jobs on the default branch, if the stack had a federation pool. */
  readonly mainProvider: string | undefined;
  /** The key version that signs images, if the stack had a signing key. */
  readonly signingKey: string | undefined;
}

/** Reads the outputs of the stack's last update. */
export async function readLastUpdate(): Promise<LastUpdate> {
  const own = new pulumi.StackReference('last applied', {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const output = async (name: string) => (await own.getOutputDetails(name)).value as unknown;
  const text = async (name: string) => ((await output(name)) as string | undefined) || undefined;
  const names = ['image', 'stableImage', 'attestor', 'mainProvider', 'signingKey'] as const;
  const texts = await Promise.all(names.map(async (name) => [name, await text(name)] as const));
  return {
    place: (await output('place')) as Place | undefined,
    ...(Object.fromEntries(texts) as Record<(typeof names)[number], string | undefined>),
  };
}

/**
 * Rejects a change of settings that would replace the service or the database. A new database would
 * lose the keys, and a new service could have another host.
 *
 * @throws {pulumi.RunError} with the outputs that would change
 */
export function refuseToMove(before: Place | undefined, settings: Settings): void {
  if (before === undefined) return;
  const now = placeOf(settings);
  const keyOf: Record<keyof Place, string> = {
    project: 'gcp:project',
    region: 'gcp:region',
    service: 'service',
    database: 'database',
  };
  const moved = (Object.keys(keyOf) as (keyof Place)[]).filter(
    (part) => before[part] !== now[part],
  );
  if (moved.length === 0) return;
  const lines = moved.map(
    (part) => `  ${keyOf[part]} is ${before[part]} and would become ${now[part]}`,
  );
  throw new pulumi.RunError(
    [
      'The service and the database of a stack cannot be moved. Nothing was changed:',
      ...lines,
      'Restore the settings, or create a new stack for the new place (pulumi stack init).',
    ].join('\n'),
  );
}

/**
 * Returns a problem if the stack's file still has the settings of a release although the service
 * was deleted. Without this check, Google would reject these settings in the middle of the update.
 */
export function leftoverProblems(
  { place }: LastUpdate,
  { stableRevision, stableImage }: Settings,
): SettingProblem[] {
  if (place !== undefined || stableRevision === undefined) return [];
  const keys = ['stableRevision', ...(stableImage === undefined ? [] : ['stableImage'])];
  return [
    {
      key: 'stableRevision',
      rule: `refers to revision ${stableRevision}, which does not exist. The stack was destroyed after the release that set it`,
      command: keys
        .map((key) => `npx -y pnpm@12 pulumi config rm andamio:${key} --stack STACK`)
        .join(' && '),
    },
  ];
}

/**
 * Returns a problem if an update would replace the running image without a release. This happens
 * when the stack's file contains an earlier image, because releases do not commit theirs. A release
 * first deploys its image as a candidate beside a stable revision, which then has the traffic.
 * Stacks without attestation may build their image during an update, so they are not checked.
 */
export function imageProblems(
  { image, stableImage, attestor }: LastUpdate,
  settings: Settings,
): SettingProblem[] {
  if (attestor === undefined || stableImage === undefined) return [];
  if (settings.image === undefined || settings.stableRevision !== undefined) return [];
  if (settings.image === image || settings.image === stableImage) return [];
  return [
    {
      key: 'image',
      rule: 'is not the image that is running. Only a release replaces the image (docs/operate.md). To keep the running image, set it',
      command: `npx -y pnpm@12 pulumi config set andamio:image ${stableImage} --stack STACK`,
    },
  ];
}

/** Reports whether the service still runs any image although images must be attested. */
export const awaitsAttestedImage = ({
  ownsService,
  requireAttestation,
  runsOnlyAttested,
}: Settings) => ownsService && requireAttestation && !runsOnlyAttested;

/**
 * Returns a problem if images must be attested, but the settings have no image. The first update of
 * a stack that owns its project is exempt: it creates the build account, without which no image can
 * be attested. Until then, the service runs the image that the update builds.
 */
export function attestationProblems(
  { signingKey }: LastUpdate,
  settings: Settings,
): SettingProblem[] {
  if (!awaitsAttestedImage(settings) || signingKey === undefined) return [];
  return [{ key: 'image', rule: imageRequired, command: 'npx -y pnpm@12 image:push STACK' }];
}

/** Warns that the service still runs any image although images must be attested. */
export async function warnOfAnyImage(settings: Settings): Promise<void> {
  if (!awaitsAttestedImage(settings)) return;
  const stack = pulumi.getStack();
  await pulumi.log.warn(
    'andamio:requireAttestation does not restrict the service yet, because andamio:image is not set. After this update, run:\n' +
      `  npx -y pnpm@12 image:push ${stack}\n` +
      `  npx -y pnpm@12 pulumi up --stack ${stack}`,
  );
}
