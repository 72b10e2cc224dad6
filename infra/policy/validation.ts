import type {
  PolicyResource,
  ReportViolation,
  ResourceValidation,
  ResourceValidationArgs,
  StackValidation,
  StackValidationArgs,
} from '@pulumi/policy';
import { type Kind, type Props, types } from './resources.ts';

/**
 * A function that reports a violation: the problem, the reason for the rule, and the remedy. None
 * of the three texts may contain a secret value.
 */
export type Refuse = (problem: string, reason: string, remedy: string) => void;

/** A resource of one kind in a stack, with its inputs and outputs. */
export interface StackResource<K extends Kind> extends Omit<PolicyResource, 'props'> {
  readonly props: Props<K>;
}

/**
 * Runs a check unless it depends on an unknown value. At preview, some values are not known yet,
 * and the SDK throws an unexported error when a check reads one of them. The check runs again
 * during the update, before the resource changes.
 *
 * @returns true if all values that the check read were known
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

/**
 * Checks each item of a list. If the check of one item depends on an unknown value, the other items
 * are still checked.
 */
export function forEachKnown<T>(items: readonly T[] | undefined, check: (item: T) => void): void {
  const length = items?.length ?? 0;
  for (let index = 0; index < length; index++) whenKnown(() => check(items?.[index] as T));
}

function runCheck(
  args: Pick<ResourceValidationArgs, 'notApplicable'>,
  report: ReportViolation,
  check: (refuse: Refuse) => void,
): void {
  const refuse: Refuse = (problem, reason, remedy) => report(`${problem}. ${reason}. ${remedy}.`);
  if (!whenKnown(() => check(refuse)))
    args.notApplicable('The check depends on values that are known only during the update.');
}

/** Returns a validation function for resources of any type. */
export function forResources(
  check: (args: ResourceValidationArgs, refuse: Refuse) => void,
): ResourceValidation {
  return (args, report) => runCheck(args, report, (refuse) => check(args, refuse));
}

/** Returns a validation function for resources of one kind. */
export function forKind<K extends Kind>(
  kind: K,
  check: (props: Props<K>, refuse: Refuse, args: ResourceValidationArgs) => void,
): ResourceValidation {
  return forResources((args, refuse) => {
    if (args.type === types[kind]) check(args.props as Props<K>, refuse, args);
  });
}

/**
 * Returns a validation function for a whole stack. Unlike the other validations, it runs at the end
 * of the update.
 */
export function forStack(
  check: (args: StackValidationArgs, refuse: Refuse) => void,
): StackValidation {
  return (args, report) => runCheck(args, report, (refuse) => check(args, refuse));
}

/** Returns a stack's resources of one kind. */
export function resourcesOf<K extends Kind>(
  args: StackValidationArgs,
  kind: K,
): StackResource<K>[] {
  return args.resources.filter(({ type }) => type === types[kind]) as unknown as StackResource<K>[];
}
