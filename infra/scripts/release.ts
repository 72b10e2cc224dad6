// node scripts/release.ts STACK IMAGE@sha256:...: brings a release out. The new revision gets no traffic until it has issued a key;
// when it does not, or not any more with traffic, the image before comes back and the script fails.

import { Failure, named, outputsOf, projectName, pulumi, say, script, underThePolicies } from './cli.ts';
import { assertReleaseOnly, MoreThanARelease } from './release-guard.ts';
import { smokeTest } from './smoke-test.ts';

interface Deployed {
  readonly host: string;
  readonly image: string;
  readonly revision: string;
}

/** The address of the revision that has no traffic yet. https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags */
function candidateOf(host: string): string {
  return host.replace('https://', 'https://candidate---');
}

/** Sets what a release is made of: the image, and the revision that keeps the traffic while a candidate waits. */
function choose(stack: string, image: string, stableRevision: string | undefined): void {
  pulumi(stack, ['config', 'set', `${projectName}:image`, image]);
  if (stableRevision === undefined) pulumi(stack, ['config', 'rm', `${projectName}:stableRevision`], { quiet: true });
  else pulumi(stack, ['config', 'set', `${projectName}:stableRevision`, stableRevision]);
}

/** Applies a stack with this image, and with all traffic on it or on a revision that stays. */
function apply(stack: string, image: string, stableRevision: string | undefined): void {
  choose(stack, image, stableRevision);
  assertReleaseOnly(stack);
  pulumi(stack, ['up', '--yes', '--skip-preview', ...underThePolicies]);
}

async function bringOut(stack: string, image: string, before: Deployed): Promise<void> {
  apply(stack, image, before.revision);
  await smokeTest(candidateOf(before.host));
  apply(stack, image, undefined);
  await smokeTest(before.host);
}

await script(async (args) => {
  const { stack, image } = named(args, 'node scripts/release.ts STACK IMAGE@sha256:...', ['stack', 'image']);
  const before = outputsOf(stack) as Partial<Deployed>;
  if (!before.host || !before.image || !before.revision) {
    throw new Failure(`Stack ${stack} has no service yet. A person brings it up first: pulumi up --stack ${stack}`);
  }
  if (before.image === image) {
    say(`${image} is what runs.`);
    return await smokeTest(before.host);
  }
  try {
    await bringOut(stack, image, before as Deployed);
  } catch (error) {
    if (error instanceof MoreThanARelease) choose(stack, before.image, undefined);
    if (!(error instanceof Failure) || error instanceof MoreThanARelease) throw error;
    say(`${error.message}\nGoing back to ${before.image}`);
    apply(stack, before.image, undefined);
    await smokeTest(before.host);
    throw new Failure(`${image} was not brought out: ${error.message}`);
  }
  say(`${image} is out.`);
});
