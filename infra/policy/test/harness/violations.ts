import { createRequire } from 'node:module';
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';

/**
 * The SDK's own proxy for properties. It throws when a rule reads an unknown value, as it does in
 * the engine.
 */
const { unknownCheckingProxy, unknownStringValue } = createRequire(import.meta.url)(
  '@pulumi/policy/proxy.js',
) as {
  unknownCheckingProxy: <T>(props: T) => T;
  unknownStringValue: string;
};

/** A value that is known only during the update. */
export const unknown = unknownStringValue;

/** A resource in a test case. */
export interface Resource {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly stack?: string;
  readonly protect?: boolean;
  /** For each property, the names of the resources whose outputs the property depends on. */
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
}

class NotApplicable extends Error {}

const common = {
  stackTags: new Map<string, string>(),
  isType: () => false,
  asType: () => undefined,
  getConfig: <T extends object>() => ({}) as T,
  notApplicable: (reason?: string): never => {
    throw new NotApplicable(reason);
  },
};

function describe({
  type,
  props,
  name = 'it',
  stack = 'dev',
  protect = false,
}: Resource): ResourceValidationArgs {
  const opts = {
    protect,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    additionalSecretOutputs: [],
  };
  const urn = `urn:pulumi:${stack}::andamio::${type}::${name}`;
  return { ...common, type, name, urn, opts, props: unknownCheckingProxy(structuredClone(props)) };
}

function describeStack(resources: readonly Resource[]): PolicyResource[] {
  const all = resources.map(
    (resource): PolicyResource => ({
      ...describe(resource),
      dependencies: [],
      propertyDependencies: {},
    }),
  );
  for (const [index, { dependencies = {} }] of resources.entries()) {
    for (const [property, names] of Object.entries(dependencies)) {
      const found = all.filter(({ name }) => names.includes(name));
      (all[index] as PolicyResource).propertyDependencies[property] = found;
    }
  }
  return all;
}

/** Returns the violations that a policy reports for a list of resources. */
export async function violationsOf(
  policy: ResourceValidationPolicy | StackValidationPolicy,
  resources: readonly Resource[],
): Promise<string[]> {
  const messages: string[] = [];
  const report = (message: string) => void messages.push(message);
  const run = async (validate: () => Promise<void> | void) => {
    try {
      await validate();
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
    }
  };
  if ('validateStack' in policy) {
    await run(() =>
      policy.validateStack({ ...common, resources: describeStack(resources) }, report),
    );
    return messages;
  }
  for (const resource of resources) {
    for (const validate of [policy.validateResource ?? []].flat())
      await run(() => validate(describe(resource), report));
  }
  return messages;
}
