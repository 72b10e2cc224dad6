import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  LocalWorkspace,
  type LocalWorkspaceOptions,
  type OutputMap,
  PulumiCommand,
  Stack,
  type UpdateSummary,
} from '@pulumi/pulumi/automation/index.js';

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** The parts of a state file that are used here. */
interface State {
  readonly checkpoint: {
    readonly latest?: {
      readonly resources?: readonly {
        readonly type: string;
        readonly outputs?: Readonly<Record<string, unknown>>;
      }[];
    };
  };
}

/** Returns a stack's outputs from its state file. No output of the program is secret. */
function outputsIn(stateFolder: string, stack: string): OutputMap {
  const { checkpoint }: State = readJson(join(stateFolder, `stacks/andamio/${stack}.json`));
  const root = checkpoint.latest?.resources?.find(({ type }) => type === 'pulumi:pulumi:Stack');
  const outputs = Object.entries(root?.outputs ?? {});
  return Object.fromEntries(outputs.map(([name, value]) => [name, { value, secret: false }]));
}

/** Returns the summary of a stack's newest operation. The names of the files contain the time. */
function newestSummary(stateFolder: string, stack: string): UpdateSummary {
  const history = join(stateFolder, 'history/andamio', stack);
  const files = readdirSync(history).filter((name) => name.endsWith('.history.json'));
  return readJson(join(history, files.sort().at(-1) as string));
}

let command: Promise<PulumiCommand> | undefined;

/**
 * Opens a workspace that starts the Pulumi CLI only for operations on a stack. The Automation API
 * would also start the CLI to select the stack and, three times after each operation, to read
 * outputs and history. Each start takes as long as the operation's own work. Every command names
 * its stack, so selecting is unnecessary; outputs are read from the state folder.
 *
 * @param options must contain `workDir`, which also contains the state
 */
export async function openWorkspace(
  options: LocalWorkspaceOptions & { readonly workDir: string },
): Promise<LocalWorkspace> {
  command ??= PulumiCommand.get();
  const workspace = await LocalWorkspace.create({ ...options, pulumiCommand: await command });
  const stateFolder = join(options.workDir, '.pulumi');
  return Object.assign(workspace, {
    selectStack: async () => undefined,
    stackOutputs: async (stack: string) => outputsIn(stateFolder, stack),
  });
}

/** Opens an existing stack of a workspace. */
export async function openStack(workspace: LocalWorkspace, name: string): Promise<Stack> {
  const stateFolder = join(workspace.workDir, '.pulumi');
  const stack = await Stack.select(name, workspace);
  return Object.assign(stack, { history: async () => [newestSummary(stateFolder, name)] });
}
