import { parseSettings, type SettingName, secretSettings } from '@andamio/schema/settings';
import type * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { SecretReference } from './secrets.ts';

/** A variable of the container: in plain, or from a secret. `check` is what stands for a value that is not known yet. */
export type Variable =
  | { readonly value: pulumi.Input<string>; readonly check: string }
  | { readonly secret: SecretReference; readonly check: string };

/** The service's environment. The names are those that the service reads: another does not compile. */
export type Environment = Readonly<Partial<Record<SettingName, Variable>>>;

/** A variable whose value is known now; unset where there is none. */
export function plain(value: string | undefined): Variable | undefined {
  return value === undefined ? undefined : { value, check: value };
}

/** Keeps the variables that are set. */
export function environment(variables: Readonly<Partial<Record<SettingName, Variable | undefined>>>): Environment {
  return Object.fromEntries(Object.entries(variables).filter(([, variable]) => variable !== undefined));
}

/**
 * Reads the environment as the service will, before anything is deployed.
 *
 * @throws {pulumi.RunError} that lists every mistake with its variable and rule; values are not repeated.
 */
export function checkEnvironment(variables: Environment): void {
  const names = Object.keys(variables) as SettingName[];
  const inPlain = names.filter(
    (name) => (secretSettings as readonly string[]).includes(name) && 'value' in (variables[name] as Variable),
  );
  const parsed = parseSettings(Object.fromEntries(names.map((name) => [name, variables[name]?.check])));
  const problems = [
    ...inPlain.map((name) => ({ name, rule: 'must come from a secret' })),
    ...(parsed.ok ? [] : parsed.problems),
  ];
  if (problems.length === 0) return;
  const lines = problems.map(({ name, rule }) => `  ${name} ${rule}`);
  throw new pulumi.RunError(['The service would not start with this environment:', ...lines].join('\n'));
}

/** The environment in Cloud Run's form, in the order of names, so that a diff shows what changed and nothing else. */
export function toContainerEnvs(variables: Environment): gcp.types.input.cloudrunv2.ServiceTemplateContainerEnv[] {
  return (Object.entries(variables) as [SettingName, Variable][])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, variable]) =>
      'secret' in variable
        ? { name, valueSource: { secretKeyRef: { secret: variable.secret.secret, version: variable.secret.version } } }
        : { name, value: variable.value },
    );
}
