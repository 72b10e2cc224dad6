import type { Step } from './cli.ts';
import { differences } from './differences.ts';

const silent = ['same', 'read', 'refresh'];

/**
 * Returns the paths of the changed properties. Values are omitted because they may be secret, and
 * comments on GitHub are public.
 */
function changed({ op, oldState, newState }: Step): string {
  if (op === 'create' || op === 'delete') return '';
  return differences(oldState?.inputs, newState?.inputs)
    .filter((path) => !path.startsWith('__'))
    .join(', ');
}

/**
 * Returns a Markdown table of the operation, resource and changed properties of each step;
 * undefined if there are no changes.
 */
export function stepsAsTable(steps: readonly Step[]): string | undefined {
  const rows = steps
    .filter(({ op, urn }) => !silent.includes(op) && !urn.includes('::pulumi:pulumi:Stack::'))
    .map((step) => {
      const [, , types = '', name] = step.urn.split('::');
      return `| ${step.op} | ${types.split('$').at(-1)} | ${name} | ${changed(step)} |`;
    });
  if (rows.length === 0) return undefined;
  return [
    '| operation | type | resource | properties |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
