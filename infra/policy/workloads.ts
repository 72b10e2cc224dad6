import type { ResourceValidation, ResourceValidationArgs } from '@pulumi/policy';
import { type Props, types } from './resources.ts';
import { forResources, type Refuse } from './validation.ts';

type Template = Props<'service'>['template'];

/** A container, as far as services, jobs and worker pools have the same ones. */
type Container = Pick<NonNullable<Template['containers']>[number], 'envs' | 'image' | 'name'>;

type Volume = Pick<NonNullable<Template['volumes']>[number], 'name' | 'secret'>;

/** What Cloud Run is to run: the template of a service, a job or a worker pool. */
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

/** A validation of whatever Cloud Run is to run. */
export function forWorkloads(check: (workload: Workload, refuse: Refuse) => void): ResourceValidation {
  return forResources((args, refuse) => {
    const workload = workloadOf(args);
    if (workload) check(workload, refuse);
  });
}

/** The accounts that Compute Engine and App Engine make for a project, as e-mail address or as member. */
export function isDefaultServiceAccount(account: string): boolean {
  return /(-compute@developer|@appspot)\.gserviceaccount\.com\b/i.test(account);
}
