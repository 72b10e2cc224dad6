// npx -y pnpm@12 image:push STACK...: builds the service's image, pushes and attests it as the
// build account, and sets it in the stacks. The deploy workflow does the same in three jobs. List
// the stack that owns the project first.
import { setTimeout } from 'node:timers/promises';
import { defaults } from '../settings/stack-settings.ts';
import {
  buildAccountOf,
  type ImagePlace,
  imageName,
  registryOf,
  tagOfPush,
} from '../src/image-names.ts';
import { assertCanAttest, attestArguments } from './lib/attest.ts';
import { Failure, projectName, pulumi, run, say, script } from './lib/cli.ts';
import { buildAndPush, builder } from './lib/image-tools.ts';

const usage = 'npx -y pnpm@12 image:push STACK...';

function placeOf(stack: string): ImagePlace {
  const setting = (key: string) => pulumi(stack, ['config', 'get', key], { quiet: true }).trim();
  return { project: setting('gcp:project'), region: setting('gcp:region') };
}

/**
 * Returns an access token of the build account. The account that is signed in to gcloud must be
 * allowed to impersonate the build account.
 */
function tokenOf(account: string): string {
  return run('gcloud', ['auth', 'print-access-token', `--impersonate-service-account=${account}`], {
    quiet: true,
  }).trim();
}

/** Returns the stack that creates the build account, for the images of the given stack. */
function ownerOf(stack: string): string {
  const config = JSON.parse(pulumi(stack, ['config', '--json'], { quiet: true }));
  return (config[`${projectName}:owns`]?.value ?? defaults.owns) === 'service' ? 'shared' : stack;
}

/**
 * Grants the signed-in account permission to impersonate the build account. No account has this
 * permission by default. The grant succeeds only for an owner of the project.
 *
 * @param stack the stack whose images the account pushes
 */
function allowImpersonation(account: string, project: string, stack: string): void {
  const me = run('gcloud', ['config', 'get', 'account'], { quiet: true }).trim();
  if (me === '') throw new Failure('No account is signed in to gcloud. Run: gcloud auth login');
  const kind = me.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user';
  say(`Allowing ${me} to impersonate ${account}.`);
  const role = '--role=roles/iam.serviceAccountTokenCreator';
  const grant = [
    'iam',
    'service-accounts',
    'add-iam-policy-binding',
    account,
    `--member=${kind}:${me}`,
    role,
  ];
  try {
    run('gcloud', [...grant, `--project=${project}`], { quiet: true });
  } catch (error) {
    throw new Failure(
      [
        (error as Error).message.trim(),
        `If ${account} does not exist yet, deploy the stack that owns the project first, with andamio:requireAttestation set to true: npx -y pnpm@12 pulumi up --stack ${ownerOf(stack)}`,
        `Otherwise, an owner of the project must run: gcloud ${grant.join(' ')} --project=${project}`,
      ].join('\n'),
    );
  }
}

/**
 * Seconds between attempts to get a token after the grant. A grant takes effect after about two
 * minutes, sometimes seven: https://cloud.google.com/iam/docs/access-change-propagation
 */
const pauses = [5, 10, 20, 30, 60, 60, 120, 120];

async function impersonate(account: string, project: string, stack: string): Promise<string> {
  try {
    return tokenOf(account);
  } catch {
    allowImpersonation(account, project, stack);
  }
  for (const seconds of pauses) {
    try {
      return tokenOf(account);
    } catch {
      say(`The grant has not taken effect yet. Retrying in ${seconds} s.`);
      await setTimeout(seconds * 1000);
    }
  }
  return tokenOf(account);
}

await script(async (stacks) => {
  if (stacks.length === 0) throw new Failure(`Usage: ${usage}`);
  const places = stacks.map(placeOf);
  const [place] = places as [ImagePlace];
  if (places.some(({ project, region }) => project !== place.project || region !== place.region)) {
    throw new Failure(
      'The stacks are in different projects or regions. Run the command separately for each of them.',
    );
  }
  const tool = builder();
  assertCanAttest();
  const registry = registryOf(place);
  const account = buildAccountOf(place);
  const token = await impersonate(account, place.project, stacks[0] as string);
  // The registry's cleanup deletes untagged images. The tag has no other purpose.
  const digest = buildAndPush(tool, `${registry}/${imageName}:${tagOfPush()}`, registry, token);
  const image = `${registry}/${imageName}@${digest}`;
  run('gcloud', attestArguments(image, place, account));
  for (const stack of stacks)
    pulumi(stack, ['config', 'set', `${projectName}:image`, image], { quiet: true });
  say(
    [
      `${image} is pushed and attested, and set in ${stacks.join(' and ')}.`,
      'The first `pulumi up` of a stack deploys it. To deploy it to a stack that runs another image, release it:',
      ...stacks.map((stack) => `  node infra/scripts/release.ts ${stack} ${image}`),
    ].join('\n'),
  );
});
