import type {
  PolicyResource,
  ReportViolation,
  ResourceValidation,
  ResourceValidationArgs,
  StackValidation,
  StackValidationArgs,
} from '@pulumi/policy';
import { type Kind, type Props, types } from './resources.ts';

/** Refuses a resource: what is wrong, why it matters, what to do. None of the three may hold a value that is secret. */
export type Refuse = (wrong: string, why: string, remedy: string) => void;

/** A resource of a stack, by its outputs. */
export interface StackResource<K extends Kind> extends Omit<PolicyResource, 'props'> {
  readonly props: Props<K>;
}

/**
 * Runs a check. At preview the SDK throws where a check reads what is known only after the update (it does not export that
 * error). Such a check neither refuses nor accepts: it runs again in the update, before the resource is touched.
 *
 * @returns whether all that it read was known.
 */
function whenKnown(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Error && error.constructor.name === 'UnknownValueError') return false;
    throw error;
  }
}

/** Checks every item of a list, also where another one is not known yet. */
export function forEachKnown<T>(items: readonly T[] | undefined, check: (item: T) => void): void {
  const length = items?.length ?? 0;
  for (let index = 0; index < length; index++) whenKnown(() => check(items?.[index] as T));
}

function judge(
  args: Pick<ResourceValidationArgs, 'notApplicable'>,
  report: ReportViolation,
  check: (refuse: Refuse) => void,
): void {
  const refuse: Refuse = (wrong, why, remedy) => report(`${wrong}. ${why}. ${remedy}.`);
  if (!whenKnown(() => check(refuse))) args.notApplicable('It depends on values that are known only in the update.');
}

/** A validation of resources of any type. */
export function forResources(check: (args: ResourceValidationArgs, refuse: Refuse) => void): ResourceValidation {
  return (args, report) => judge(args, report, (refuse) => check(args, refuse));
}

/** A validation of the resources of one kind, by their inputs. */
export function forKind<K extends Kind>(
  kind: K,
  check: (props: Props<K>, refuse: Refuse, args: ResourceValidationArgs) => void,
): ResourceValidation {
  return forResources((args, refuse) => {
    if (args.type === types[kind]) check(args.props as Props<K>, refuse, args);
  });
}

/** A validation of a stack as a whole. Unlike the others it runs when the update is done. */
export function forStack(check: (args: StackValidationArgs, refuse: Refuse) => void): StackValidation {
  return (args, report) => judge(args, report, (refuse) => check(args, refuse));
}

/** The resources of one kind in a stack. */
export function resourcesOf<K extends Kind>(args: StackValidationArgs, kind: K): StackResource<K>[] {
  return args.resources.filter(({ type }) => type === types[kind]) as unknown as StackResource<K>[];
}
