// npx -y pnpm@12 bootstrap [--project ID] STACK...: prepares a Google Cloud project and creates the
// stacks. Their state is stored in a bucket of the project, or in a folder if PULUMI_BACKEND_URL is
// file://... Existing resources stay unchanged.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  Failure,
  outputsOf,
  programFolder,
  projectName,
  pulumi,
  run,
  say,
  script,
} from './lib/cli.ts';

const usage = 'npx -y pnpm@12 bootstrap [--project ID] STACK...';
const location = 'us-central1';

/** APIs that later commands call before `pulumi up` enables the remaining ones. */
const apis = ['cloudbilling', 'cloudresourcemanager', 'iam', 'secretmanager', 'serviceusage'];

const succeeds = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { cwd: programFolder, stdio: 'ignore' }).status === 0;

/** Creates a resource with gcloud unless `describe` finds it. */
function ensure(
  noun: readonly string[],
  name: string,
  describe: readonly string[],
  create: readonly string[],
): void {
  if (succeeds('gcloud', [...noun, 'describe', name, ...describe])) return;
  run('gcloud', [...noun, 'create', name, ...describe, ...create]);
}

function enable(project: string, names: readonly string[]): void {
  run('gcloud', [
    'services',
    'enable',
    ...names.map((name) => `${name}.googleapis.com`),
    `--project=${project}`,
  ]);
}

/**
 * Seconds between attempts to call a newly enabled API. Google documents the delay as "a few
 * minutes".
 */
const pauses = [1, 2, 5, 10, 20, 30, 60, 60, 60];

/**
 * Waits until Secret Manager accepts calls in a project. A newly enabled API rejects calls at
 * first, and the operator's next command calls Secret Manager.
 */
async function waitForSecretManager(project: string): Promise<void> {
  for (const seconds of pauses) {
    const args = ['secrets', 'list', '--limit=1', `--project=${project}`];
    const { stderr } = spawnSync('gcloud', args, { encoding: 'utf8', input: '' });
    if (!/has not been used in project/.test(stderr ?? '')) return;
    say(`Secret Manager is not available yet. Retrying in ${seconds} s.`);
    await wait(seconds * 1000);
  }
}

/**
 * Returns a setting from a stack's file. It parses the file itself, because the engine cannot read
 * the settings of a stack that does not exist yet.
 */
function settingIn(stack: string, key: string): string | undefined {
  const file = join(programFolder, `Pulumi.${stack}.yaml`);
  if (!existsSync(file))
    throw new Failure(`Stack ${stack} has no settings: ${file} does not exist.`);
  return new RegExp(`^ *${key}: *"?([^"\\s#]+)"?`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
}

/**
 * Returns a stack's project id. If the stack's file contains only the project number, looks up the
 * id.
 *
 * @throws {Failure} if the file contains neither
 */
function projectOf(stack: string): string {
  const project =
    settingIn(stack, 'gcp:project') ?? settingIn(stack, `${projectName}:projectNumber`);
  if (project === undefined) {
    throw new Failure(
      `gcp:project of stack ${stack} is not set. Run: npx -y pnpm@12 bootstrap --project ID ${stack} (gcloud projects list prints the ids)`,
    );
  }
  if (!/^\d+$/.test(project)) return project;
  return run('gcloud', ['projects', 'describe', project, '--format=value(projectId)'], {
    quiet: true,
  }).trim();
}

/**
 * Checks that the state bucket belongs to the project. Anybody can register its predictable name in
 * a project of their own, and could then read and change the state.
 *
 * @throws {Failure} if the bucket belongs to another project
 */
function assertOwnBucket(bucket: string, project: string): void {
  const printed = (...args: string[]) => run('gcloud', args, { quiet: true }).trim();
  // gcloud prints the project's number only with the other fields of the API's own response.
  const owner = printed(
    ...['storage', 'buckets', 'describe', `gs://${bucket}`],
    ...['--raw', '--format=value(projectNumber)'],
  );
  const number = printed('projects', 'describe', project, '--format=value(projectNumber)');
  if (owner !== '' && owner === number) return;
  throw new Failure(
    `The bucket gs://${bucket} belongs to project ${owner || 'UNKNOWN'} and not to ${project}, which has the number ${number}. ` +
      'Its owner could read and change the state, so it is not used. If the bucket is yours, delete it. ' +
      'Otherwise, use another project, or keep the state in a folder: PULUMI_BACKEND_URL=file:///FOLDER',
  );
}

/**
 * Creates the state bucket, logs in to it, and creates the stacks. Bucket names are global, so the
 * bucket's name contains the project id.
 */
function createStacksInBucket(stacks: readonly string[], project: string): void {
  const bucket = `${project}-pulumi`;
  const of = [`--project=${project}`];
  enable(project, ['storage']);
  ensure(['storage', 'buckets'], `gs://${bucket}`, of, [
    `--location=${location}`,
    '--uniform-bucket-level-access',
    '--public-access-prevention',
  ]);
  assertOwnBucket(bucket, project);
  // With versioning, an overwritten state can be restored.
  run('gcloud', ['storage', 'buckets', 'update', `gs://${bucket}`, '--versioning', ...of]);
  run('pulumi', ['login', `gs://${bucket}`]);
  for (const stack of stacks) {
    createStack(stack, project);
    pulumi(stack, ['config', 'set', 'andamio:stateBucket', bucket]);
  }
}

/**
 * Checks that a stack is not deployed in another project. With another project in its file, the
 * stack's other commands would look for its resources there.
 *
 * @throws {Failure} if the stack is deployed in another project
 */
function assertNotElsewhere(stack: string, project: string): void {
  const { place } = outputsOf(stack) as { readonly place?: { readonly project: string } };
  if (place === undefined || place.project === project) return;
  throw new Failure(
    `Stack ${stack} is deployed in project ${place.project} and cannot be moved to ${project}. Nothing was changed in its file. ` +
      'Tear it down first (docs/deploy.md), or create a stack with a file of its own for the other project.',
  );
}

/** Creates a stack unless it exists, and sets its project. */
function createStack(stack: string, project: string): void {
  const stacks = JSON.parse(run('pulumi', ['stack', 'ls', '--json'], { quiet: true })) as {
    name: string;
  }[];
  if (stacks.some(({ name }) => name === stack)) {
    assertNotElsewhere(stack, project);
    say(`Stack ${stack} exists.`);
  } else
    run('pulumi', [
      'stack',
      'init',
      stack,
      '--non-interactive',
      '--secrets-provider',
      'passphrase',
    ]);
  pulumi(stack, ['config', 'set', 'gcp:project', project]);
  say(`Stack ${stack} is in project ${project}.`);
}

await script(async (args) => {
  const { values, positionals: stacks } = parseArgs({
    args,
    options: { project: { type: 'string' } },
    allowPositionals: true,
  });
  if (stacks.length === 0) throw new Failure(`Usage: ${usage}`);
  const projects = values.project ? [values.project] : [...new Set(stacks.map(projectOf))];
  if (projects.length > 1) {
    throw new Failure(
      `The stacks are in different projects (${projects.join(', ')}). Bootstrap the stacks of each project separately.`,
    );
  }
  const project = projects[0] as string;
  enable(project, apis);
  if (process.env['PULUMI_BACKEND_URL']?.startsWith('file:'))
    for (const stack of stacks) createStack(stack, project);
  else createStacksInBucket(stacks, project);
  await waitForSecretManager(project);
});
