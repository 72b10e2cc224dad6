import type { ResourceValidation, ResourceValidationArgs } from '@pulumi/policy';
import { type Props, types } from './resources.ts';
import { forResources, type Refuse } from './validation.ts';

type Template = Props<'service'>['template'];

/** The fields that the containers of services, jobs and worker pools have in common. */
type Container = Pick<NonNullable<Template['containers']>[number], 'envs' | 'image' | 'name'>;

type Volume = Pick<NonNullable<Template['volumes']>[number], 'name' | 'secret'>;

/** A Cloud Run workload: the template of a service, a job or a worker pool. */
interface Workload {
  readonly serviceAccount?: string | undefined;
  readonly containers?: readonly Container[] | undefined;
  readonly volumes?: readonly Volume[] | undefined;
}

function workloadOf({ type, props }: ResourceValidationArgs): Workload | undefined {
  switch (type) {
    case types.service:
      return (props as Props<'service'>).template;
    case types.workerPool:
      return (props as Props<'workerPool'>).template;
    case types.job:
      return (props as Props<'job'>).template.template;
    default:
      return undefined;
  }
}

/** Returns a validation function for all Cloud Run workloads. */
export function forWorkloads(
  check: (workload: Workload, refuse: Refuse) => void,
): ResourceValidation {
  return forResources((args, refuse) => {
    const workload = workloadOf(args);
    if (workload) check(workload, refuse);
  });
}
