import * as pulumi from '@pulumi/pulumi';
import { parseSettings, type Settings } from './index.ts';

/** The values of this project's own keys, without their prefix. */
function ownValues(): Record<string, string> {
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig());
  return Object.fromEntries(
    entries.filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/**
 * Reads the settings of the stack that runs.
 *
 * @throws {pulumi.RunError} that lists every mistake, one line each, with its key and the rule. Values are not repeated.
 */
export function readSettings(): Settings {
  const provider = new pulumi.Config('gcp');
  const parsed = parseSettings(ownValues(), { project: provider.get('project'), region: provider.get('region') });
  if (parsed.ok) return parsed.settings;
  const lines = parsed.problems.map(
    ({ key, rule }) => `  ${key.includes(':') ? key : `${pulumi.getProject()}:${key}`} ${rule}`,
  );
  throw new pulumi.RunError(
    [`The settings of stack ${pulumi.getStack()} are wrong (pulumi config set KEY VALUE):`, ...lines].join('\n'),
  );
}
