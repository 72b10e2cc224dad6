import * as pulumi from '@pulumi/pulumi';
import { parseSettings, type SettingProblem, type Settings } from './stack-settings.ts';

/** Returns the configuration values of this Pulumi project, by key without the project's prefix. */
function ownValues(): Record<string, string> {
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig());
  return Object.fromEntries(
    entries
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/**
 * Stops the program if there are problems.
 *
 * @throws {pulumi.RunError} with the key, rule and fixing command of every problem, but no values
 */
export function refuse(problems: readonly SettingProblem[]): void {
  if (problems.length === 0) return;
  const stack = pulumi.getStack();
  const lines = problems.flatMap(({ key, rule, command }) => [
    `  ${key.includes(':') ? key : `${pulumi.getProject()}:${key}`} ${rule}`,
    ...(command ? [`    ${command.replaceAll('STACK', stack)}`] : []),
  ]);
  throw new pulumi.RunError([`Stack ${stack} has invalid settings:`, ...lines].join('\n'));
}

/**
 * Reads the settings of the current stack.
 *
 * @throws {pulumi.RunError} with every problem, as {@link refuse} does
 */
export function readSettings(): Settings {
  const provider = new pulumi.Config('gcp');
  const parsed = parseSettings(ownValues(), {
    project: provider.get('project'),
    region: provider.get('region'),
  });
  if (!parsed.ok) refuse(parsed.problems);
  return (parsed as Extract<typeof parsed, { ok: true }>).settings;
}
