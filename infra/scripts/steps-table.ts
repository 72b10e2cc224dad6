import type { Step } from './cli.ts';
import { differences } from './differences.ts';

const silent = ['same', 'read', 'refresh'];

/**
 * Returns the properties that differ, without their values. A value may be a secret, and comments
 * are public.
 */
function changed({ op, oldState, newState }: Step): string {
  if (op === 'create' || op === 'delete') return '';
  return differences(oldState?.inputs, newState?.inputs)
    .filter((path) => !path.startsWith('__'))
    .join(', ');
}

/**
 * Returns the steps as a Markdown table of operation, resource and properties; undefined if there
 * are no changes.
 */
export function stepsAsTable(steps: readonly Step[]): string | undefined {
  const rows = steps
    .filter(({ op, urn }) => !silent.includes(op) && !urn.includes('::pulumi:pulumi:Stack::'))
    .map((step) => {
      const [, , types = '', name] = step.urn.split('::');
      return `| ${step.op} | ${types.split('$').at(-1)} | ${name} | ${changed(step)} |`;
    });
  if (rows.length === 0) return undefined;
  return ['| operation | type | resource | properties |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
