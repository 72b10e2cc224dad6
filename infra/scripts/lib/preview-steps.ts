import { isDeepStrictEqual } from 'node:util';
import { Failure, pulumiEnded, underThePolicies } from './cli.ts';

/** One step of a preview, with the resource's states before and after. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
}

/** Returns the policy violations in the output of a preview without `--json`. */
function policyViolations(printed: string): string[] {
  const at = printed.search(/^Policies:/m);
  return at < 0 ? [] : [printed.slice(at).trim()];
}

/**
 * Previews an `up` under the policy pack.
 *
 * @param options.args further arguments of the preview
 * @param options.until like that of {@link pulumiEnded}
 * @returns the steps, one per resource
 * @throws {Failure} with the errors of the preview, or with the policy violations
 */
export async function previewed(
  stack: string,
  { args = [], until }: { readonly args?: readonly string[]; readonly until?: AbortSignal } = {},
): Promise<Step[]> {
  const command = ['preview', ...underThePolicies, ...args];
  const run = (...more: string[]) =>
    pulumiEnded(stack, [...command, ...more], { quiet: true, until });
  const { status, stdout, stderr } = await run('--json');
  const { steps = [], diagnostics = [] } = JSON.parse(stdout || '{}') as {
    steps?: Step[];
    diagnostics?: { severity: string; message: string }[];
  };
  const errors = diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message.trim());
  if (status !== 0 || errors.length > 0) {
    // With `--json`, a preview that violates a policy fails without naming the violation.
    const unexplained = errors.every((message) => /preview failed$/.test(message));
    const violations = unexplained ? policyViolations((await run()).stdout) : [];
    const reasons = [...errors, ...violations];
    throw new Failure(
      [`The preview of ${stack} failed.`, ...(reasons.length > 0 ? reasons : [stderr])].join('\n'),
    );
  }
  return steps;
}

const unchanged = ['same', 'read', 'refresh'];

/** Reports whether a step changes a resource. */
export function changesResource({ op, urn }: Step): boolean {
  return !unchanged.includes(op) && !urn.includes('::pulumi:pulumi:Stack::');
}

/** Returns the type and name in a URN of the form `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`. */
export function typeAndName(urn: string): { readonly type: string; readonly name: string } {
  const [, , types = '', name = ''] = urn.split('::');
  return { type: types.split('$').at(-1) as string, name };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Returns the paths at which two values differ, such as `template.containers.0.image`. */
export function differences(before: unknown, after: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    differences(before[key], after[key], path === '' ? key : `${path}.${key}`),
  );
}

/** Returns the paths of the properties that a step changes, without the engine's internal ones. */
export function changedProperties({ oldState, newState }: Step): string[] {
  return differences(oldState?.inputs, newState?.inputs).filter((path) => !path.startsWith('__'));
}

/**
 * Returns a Markdown table of the operation, resource and changed properties of each step, or
 * undefined if there are no changes. Values are omitted because they may be secret, and comments on
 * GitHub are public.
 */
export function stepsAsTable(steps: readonly Step[]): string | undefined {
  const rows = steps.filter(changesResource).map((step) => {
    const { type, name } = typeAndName(step.urn);
    const wholeResource = step.op === 'create' || step.op === 'delete';
    const properties = wholeResource ? '' : changedProperties(step).join(', ');
    return `| ${step.op} | ${type} | ${name} | ${properties} |`;
  });
  if (rows.length === 0) return undefined;
  return [
    '| operation | type | resource | properties |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
