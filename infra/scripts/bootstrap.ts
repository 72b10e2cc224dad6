// pnpm bootstrap STACK...: makes the place where the state of the stacks is kept, and the stacks in it. In the cloud that is a
// bucket, and a key for each stack that encrypts its secrets; with PULUMI_BACKEND_URL=file://... it is a folder, and
// PULUMI_CONFIG_PASSPHRASE. What is there already stays.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, programFolder, pulumi, run, say, script } from './cli.ts';

const location = 'us-central1';
const keyRing = 'pulumi';

/** What must be enabled before Pulumi can enable anything. */
const apis = ['cloudkms', 'cloudresourcemanager', 'iam', 'serviceusage', 'storage'].map(
  (name) => `${name}.googleapis.com`,
);

const succeeds = (command: string, args: readonly string[]) =>
  spawnSync(command, args, { cwd: programFolder, stdio: 'ignore' }).status === 0;

/** Makes something with gcloud unless a description of it succeeds. */
function ensure(noun: readonly string[], name: string, describe: readonly string[], create: readonly string[]): void {
  if (succeeds('gcloud', [...noun, 'describe', name, ...describe])) return;
  run('gcloud', [...noun, 'create', name, ...describe, ...create]);
}

/** The project that a stack's file names, by its id or number. */
function projectOf(stack: string): string {
  const file = `Pulumi.${stack}.yaml`;
  const found = /^ *gcp:project: *"?([^"\s]+)"?/m.exec(readFileSync(join(programFolder, file), 'utf8'))?.[1];
  if (found === undefined) throw new Failure(`${file} lacks gcp:project: add the id of your project to it.`);
  return found;
}

/** The bucket of a project's state: its name is the project's id, since names of buckets are worldwide. */
function inTheCloud(stacks: readonly string[]): void {
  const project = run('gcloud', ['projects', 'describe', projectOf(stacks[0] as string), '--format=value(projectId)'], {
    quiet: true,
  }).trim();
  const bucket = `${project}-pulumi`;
  const of = [`--project=${project}`];
  run('gcloud', ['services', 'enable', ...apis, ...of]);
  ensure(['storage', 'buckets'], `gs://${bucket}`, of, [
    `--location=${location}`,
    '--uniform-bucket-level-access',
    '--public-access-prevention',
  ]);
  // State that was overwritten can be brought back.
  run('gcloud', ['storage', 'buckets', 'update', `gs://${bucket}`, '--versioning', ...of]);
  ensure(['kms', 'keyrings'], keyRing, [`--location=${location}`, ...of], []);
  run('pulumi', ['login', `gs://${bucket}`]);
  for (const stack of stacks) {
    const ring = [`--keyring=${keyRing}`, `--location=${location}`, ...of];
    ensure(['kms', 'keys'], stack, ring, [
      '--purpose=encryption',
      '--rotation-period=90d',
      '--next-rotation-time=+p90d',
    ]);
    const key = `projects/${project}/locations/${location}/keyRings/${keyRing}/cryptoKeys/${stack}`;
    initialise(stack, ['--secrets-provider', `gcpkms://${key}`]);
    pulumi(stack, ['config', 'set', 'andamio:stateBucket', bucket]);
    pulumi(stack, ['config', 'set', 'andamio:stateKey', key]);
  }
}

function initialise(stack: string, options: readonly string[]): void {
  const stacks = JSON.parse(run('pulumi', ['stack', 'ls', '--json'], { quiet: true })) as { name: string }[];
  if (stacks.some(({ name }) => name === stack)) say(`Stack ${stack} is there.`);
  else run('pulumi', ['stack', 'init', stack, '--non-interactive', ...options]);
}

await script((stacks) => {
  if (stacks.length === 0) throw new Failure('Usage: pnpm bootstrap STACK...');
  if (!process.env['PULUMI_BACKEND_URL']?.startsWith('file:')) return inTheCloud(stacks);
  if (!process.env['PULUMI_CONFIG_PASSPHRASE'] && !process.env['PULUMI_CONFIG_PASSPHRASE_FILE']) {
    throw new Failure('With a folder for state, PULUMI_CONFIG_PASSPHRASE must be set: it encrypts the secrets.');
  }
  for (const stack of stacks) initialise(stack, ['--secrets-provider', 'passphrase']);
});
