import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeEach, describe, onTestFailed, onTestFinished } from 'vitest';
import platform from '../../src/index.ts';
import { type Google, startGoogle } from '../google/client.ts';
import { pathWithLanguageHost } from '../rehearsal/tools.ts';
import { engineIsHere } from './requirements.ts';
import { image, remaining, type StackName, secrets } from './settings.ts';
import { template } from './template.ts';
import { openStack, openWorkspace } from './workspace.ts';

// With the inline driver, Pulumi's SDK records a stack trace for each promise. Vitest raises the
// limit of frames to 100. This restores the default of Node.js.
Error.stackTraceLimit = 10;

const programFolder = join(import.meta.dirname, '../..');

/** Creates a temporary folder that is deleted when the test finishes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-infra-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Returns the environment in which the engine uses the fake Google and stores its state in a
 * folder.
 */
function engineEnvironment(
  google: Pick<Google, 'port'>,
  stateFolder: string,
): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: `file://${stateFolder}`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // The engine is attached to running providers. Without this setting, it would also download the
    // providers that the state names, and retry for seconds on a machine without internet access.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    // pnpm sets NODE_PATH, which would make the Pulumi SDK resolvable from any folder.
    NODE_PATH: '',
    PULUMI_DEBUG_PROVIDERS: `gcp:${google.port},docker-build:${google.port}`,
  };
}

/** The fake Google that all tests in a test file share, with its initial state. */
let started: Promise<{ readonly google: Google; readonly initial: Uint8Array }> | undefined;

async function start() {
  const google = await startGoogle();
  for (const digit of ['1', '2']) await google.addImage(image(digit));
  for (const [project, secret, value] of secrets)
    await google.addSecretVersion(`projects/${project}/secrets/${secret}`, value);
  return { google, initial: await google.save() };
}

async function stop(): Promise<void> {
  const running = await started;
  started = undefined;
  await running?.google.stop();
}

afterAll(stop);

/**
 * Returns a fake Google for one test. It contains the secrets of all stacks, and two images in the
 * documented project's registry. The next call resets it, so a test must not use it afterward.
 */
export async function cloud(): Promise<Google> {
  started ??= start();
  const { google, initial } = await started;
  await google.load(initial);
  // A failed test may leave calls that wait, so the next test gets another process.
  onTestFailed(stop);
  return google;
}

/** Sets configuration values of a stack. Keys without a namespace belong to this project. */
export async function configure(
  stack: Stack,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const { name, workspace } = stack;
  const settings = await workspace.stackSettings(name);
  const entries = Object.entries(config).map(([key, value]) => [
    key.includes(':') ? key : `andamio:${key}`,
    value,
  ]);
  await workspace.saveStackSettings(name, {
    ...settings,
    config: { ...settings.config, ...Object.fromEntries(entries) },
  });
}

/**
 * Sets an image as a release does: as the candidate beside the running revision, which keeps the
 * traffic.
 */
export async function configureCandidate(stack: Stack, candidate: string): Promise<void> {
  const { revision, image: running } = await stack.outputs();
  await configure(stack, {
    image: candidate,
    stableRevision: revision?.value,
    stableImage: running?.value,
  });
}

/**
 * The process that runs the Pulumi program: this process (`inline`), or a Node.js process that the
 * Pulumi CLI starts (`literal`).
 */
type Driver = 'inline' | 'literal';

let driver: Driver = 'inline';

/**
 * The driver of tests whose results depend only on the program's resources and on the engine. Tests
 * of the process that runs the program need both drivers: it starts and exits, prints, reports
 * errors, receives environment variables and is interrupted.
 */
export const engineAlone: readonly Driver[] = ['inline'];

/**
 * Defines a group of tests that runs once per driver. The group is skipped if the Pulumi CLI is not
 * installed.
 */
export function describeByDriver(
  promise: string,
  tests: () => void,
  drivers: readonly Driver[] = ['inline', 'literal'],
): void {
  describe.skipIf(!engineIsHere).each(drivers)(`${promise}, by the %s driver`, (chosen) => {
    beforeEach(() => {
      driver = chosen;
    });
    tests();
  });
}

/**
 * Prepares a folder for a program that runs as under `pulumi up`: the engine starts the language
 * host, and the language host starts Node.js.
 */
function linkProgram(workDir: string): void {
  for (const file of ['package.json', 'src', 'node_modules'])
    if (!existsSync(join(workDir, file)))
      symlinkSync(join(programFolder, file), join(workDir, file));
}

/**
 * Opens the stack in a folder. PATH contains a language host with both drivers, because policy
 * packs need one.
 */
async function openIn(workDir: string, google: Google, name: StackName): Promise<Stack> {
  const envVars = { ...engineEnvironment(google, workDir), PATH: pathWithLanguageHost(workDir) };
  if (driver === 'literal') linkProgram(workDir);
  const program = driver === 'inline' ? { program: platform } : {};
  return openStack(await openWorkspace({ workDir, envVars, ...program }), name);
}

/**
 * Opens a copy of a deployed stack in a folder that contains a program, on another fake Google in
 * the same state, which stops when the test finishes.
 */
export async function moved({ google, stack }: Deployed, folder: string): Promise<Deployed> {
  const filter = (path: string) => !lstatSync(path).isSymbolicLink();
  cpSync(stack.workspace.workDir, folder, { recursive: true, filter });
  const other = await startGoogle({ programFolder: folder });
  onTestFinished(() => other.stop());
  await other.load(await google.save());
  return { google: other, stack: await openIn(folder, other, stack.name as StackName) };
}

/** Returns a folder with the committed files of a stack and a state without resources. */
function emptyStack(name: StackName): Promise<string> {
  return template(['empty', name], async (workDir) => {
    for (const file of ['Pulumi.yaml', `Pulumi.${name}.yaml`])
      cpSync(join(programFolder, file), join(workDir, file));
    const envVars = engineEnvironment({ port: 0 }, workDir);
    await Stack.create(name, await openWorkspace({ workDir, envVars }));
  });
}

/**
 * Creates a stack with its committed settings and additional ones. The real engine runs it against
 * the fake Google.
 */
export async function stackOf(
  google: Google,
  name: StackName,
  config: Readonly<Record<string, string>> = {},
  workDir: string = temporaryFolder(),
): Promise<Stack> {
  cpSync(await emptyStack(name), workDir, { recursive: true });
  const stack = await openIn(workDir, google, name);
  await configure(stack, { ...remaining[name], ...config });
  return stack;
}

/** A deployed stack and the fake Google that it is deployed to. */
export interface Deployed {
  readonly google: Google;
  readonly stack: Stack;
}

/**
 * Returns a fake Google on which a stack can be deployed. For preprod and prod, it contains the
 * resources of shared, which these stacks need.
 */
export async function cloudFor(name: StackName): Promise<Google> {
  return name === 'preprod' || name === 'prod' ? (await deployed('shared')).google : cloud();
}

/**
 * Returns a deployed stack. For preprod and prod, shared is deployed too. The first call in a test
 * run deploys the stack, by the driver of that test; the state does not depend on the driver. Each
 * call returns a copy, which the test may change.
 */
export async function deployed(
  name: StackName,
  config: Readonly<Record<string, string>> = {},
): Promise<Deployed> {
  const folder = await template(['deployed', name, config], async (draft) => {
    const google = await cloudFor(name);
    const workDir = join(draft, 'stack');
    mkdirSync(workDir);
    await (await stackOf(google, name, config, workDir)).up();
    // Attests the two images that {@link cloud} added, as the build account does.
    if (name === 'shared')
      for (const digit of ['1', '2']) await google.attest('documented-project', image(digit));
    writeFileSync(join(draft, 'google'), await google.save());
  });
  const google = await cloud();
  await google.load(readFileSync(join(folder, 'google')));
  const workDir = temporaryFolder();
  cpSync(join(folder, 'stack'), workDir, { recursive: true, verbatimSymlinks: true });
  return { google, stack: await openIn(workDir, google, name) };
}

/**
 * Returns the number of changed resources by operation. Resources that were only read or stayed the
 * same are not counted.
 */
export function changes(summary: {
  readonly resourceChanges?: Readonly<Record<string, number>>;
}): Record<string, number> {
  const { same: _same, read: _read, ...rest } = summary.resourceChanges ?? {};
  return rest;
}

/**
 * Returns the engine's error message for an operation that must fail.
 *
 * @throws if the operation succeeds
 */
export async function refusal(operation: Promise<unknown>): Promise<string> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  if (error === undefined) throw new Error('The operation went through.');
  return error.message;
}
