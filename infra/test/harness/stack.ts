import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalWorkspace, type Stack } from '@pulumi/pulumi/automation/index.js';
import { beforeEach, describe, onTestFinished } from 'vitest';
import platform from '../../index.ts';
import { pathWithLanguageHost } from '../../rehearsal/tools.ts';
import { type Google, startGoogle } from '../google/client.ts';
import { engineIsHere } from './requirements.ts';
import { image, remaining, type StackName, secrets } from './settings.ts';

/** The folder of the program. */
const programFolder = join(import.meta.dirname, '../..');

/** A folder that is gone when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-infra-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment in which the engine finds the fake Google, and keeps its state in a folder. */
function engineEnvironment(google: Pick<Google, 'port'>, stateFolder: string): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: `file://${stateFolder}`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // pnpm's commands set it: the SDK would be found from any folder.
    NODE_PATH: '',
    PULUMI_DEBUG_PROVIDERS: `gcp:${google.port},docker-build:${google.port}`,
  };
}

/** A cloud of this test's own, with the secrets of all stacks, and two releases in the registry that is to be. */
export async function cloud(): Promise<Google> {
  const google = await startGoogle();
  onTestFinished(() => google.stop());
  for (const digit of ['1', '2']) await google.addImage(image(digit));
  for (const [project, secret, value] of secrets)
    await google.addSecretVersion(`projects/${project}/secrets/${secret}`, value);
  return google;
}

/** Sets settings. */
export async function configure(stack: Stack, config: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(config).map(([key, value]) => {
    const full = key.includes(':') ? key : `andamio:${key}`;
    return [full, { value }] as const;
  });
  await stack.setAllConfig(Object.fromEntries(entries));
}

/** Who runs the program: this process, or Node as the literal CLI starts it. */
type Driver = 'inline' | 'literal';

let driver: Driver = 'inline';

/** Tests of one promise, each with the program run by the drivers; skipped where the engine is not. */
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

/** A stack whose program the engine calls back into this process for. Policy packs, too, need a language host. */
function inlineStack(stackName: string, workDir: string, envVars: Record<string, string>): Promise<Stack> {
  // The engine looks for it, though the program comes from this process.
  writeFileSync(join(workDir, 'index.ts'), '');
  const program = { stackName, projectName: 'andamio', program: platform };
  return LocalWorkspace.createOrSelectStack(program, { workDir, envVars });
}

/** A stack as `pulumi up` runs it: the engine starts the language host, and that starts Node. */
function literalStack(stackName: string, workDir: string, envVars: Record<string, string>): Promise<Stack> {
  for (const file of ['package.json', 'index.ts', 'node_modules'])
    if (!existsSync(join(workDir, file))) symlinkSync(join(programFolder, file), join(workDir, file));
  return LocalWorkspace.createOrSelectStack({ stackName, workDir }, { envVars });
}

/** A stack with the committed settings of that name and those given on top, run by the real engine against the fake Google. */
export async function stackOf(
  google: Google,
  name: StackName,
  config: Readonly<Record<string, string>> = {},
  workDir: string = temporaryFolder(),
): Promise<Stack> {
  for (const file of ['Pulumi.yaml', `Pulumi.${name}.yaml`]) cpSync(join(programFolder, file), join(workDir, file));
  const create = driver === 'inline' ? inlineStack : literalStack;
  const environment = { ...engineEnvironment(google, workDir), PATH: pathWithLanguageHost(workDir) };
  const stack = await create(name, workDir, environment);
  await configure(stack, { ...remaining[name], ...config });
  return stack;
}

/** Brings a stack up, after the one that owns the project where it is not that one itself. */
export async function deployed(
  google: Google,
  name: StackName,
  config: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  if (name === 'preprod' || name === 'prod') await deployed(google, 'shared');
  const stack = await stackOf(google, name, config);
  await stack.up();
  // The two releases of {@link cloud}, as the build account pushes them.
  if (name === 'shared') for (const digit of ['1', '2']) await google.attest('documented-project', image(digit));
  return stack;
}

/** What an operation changed, by kind; what stayed the same and what was only read left out. */
export function changes(summary: {
  readonly resourceChanges?: Readonly<Record<string, number>>;
}): Record<string, number> {
  const { same: _same, read: _read, ...rest } = summary.resourceChanges ?? {};
  return rest;
}

/** What the engine said when an operation was refused. @throws when it was not. */
export async function refusal(operation: Promise<unknown>): Promise<string> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  if (error === undefined) throw new Error('The operation went through.');
  return error.message;
}
