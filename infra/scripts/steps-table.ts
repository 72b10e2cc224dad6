import type { Step } from './cli.ts';
import { differences } from './differences.ts';

const silent = ['same', 'read', 'refresh'];

/** Every property that differs, without its value: a value may be a secret, and a comment is for everybody. */
function changed({ op, oldState, newState }: Step): string {
  if (op === 'create' || op === 'delete') return '';
  return differences(oldState?.inputs, newState?.inputs)
    .filter((path) => !path.startsWith('__'))
    .join(', ');
}

/** The steps as a table in Markdown: operation, resource, properties. Undefined where nothing changes. */
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
