import { denialOf } from '../attestations.ts';
import type { Cloud, Stored } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { unknown } from '../validate.ts';
import { form, member, text } from './common.ts';

interface Env {
  readonly name: string;
  readonly value?: string;
  readonly valueSource?: {
    readonly secretKeyRef: { readonly secret: string; readonly version: string };
  };
}

interface Probe {
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

interface Container {
  readonly image: string;
  readonly envs?: readonly Env[];
  readonly resources?: { readonly limits?: { readonly cpu?: string; readonly memory?: string } };
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Scaling {
  readonly minInstanceCount?: number;
  readonly maxInstanceCount?: number;
}

/** The fields that the template of a revision and the template of a job's task have in common. */
interface Template {
  readonly vpcAccess?: { readonly networkInterfaces?: readonly { readonly subnetwork: string }[] };
  readonly serviceAccount: string;
  readonly scaling?: Scaling;
  /** The timeout of a task. Revisions do not use this field. */
  readonly timeout?: string;
  readonly containers: readonly Container[];
}

interface Traffic {
  readonly type: string;
  readonly revision?: string;
  readonly percent?: number;
  readonly tag?: string;
}

/** Reserved environment variables: https://cloud.google.com/run/docs/container-contract#env-vars */
const reserved = ['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'];

function refuse(broken: boolean, message: string): void {
  if (broken) throw new GoogleError(400, message);
}

/** Returns the template of a job's tasks. */
const taskOf = (inputs: Properties) =>
  (inputs['template'] as { readonly template: Template }).template;

function admitSecret({ name, valueSource }: Env, project: string, cloud: Cloud): void {
  if (valueSource === undefined) return;
  const { secret, version } = valueSource.secretKeyRef;
  refuse(
    !cloud.secretVersions.get(`projects/${project}/secrets/${secret}/versions/${version}`)?.enabled,
    `${name}: secret ${secret} has no enabled version ${version}`,
  );
}

/**
 * Checks that a service or job can access its secrets. As on Google Cloud, the check runs after the
 * resource is created. The error is therefore reported by the long-running operation, not by the
 * create request.
 *
 * @throws {GoogleError} if access to a secret is not granted
 */
function admitAccess(
  { inputs }: Stored,
  { serviceAccount, containers }: Template,
  cloud: Cloud,
): void {
  const grants = cloud
    .of('gcp:secretmanager/secretIamMember:SecretIamMember')
    .filter(({ created }) => cloud.now() - created >= cloud.grantDelay)
    .filter((each) => each.inputs['role'] === 'roles/secretmanager.secretAccessor')
    .filter((each) => each.inputs['member'] === `serviceAccount:${serviceAccount}`);
  for (const { valueSource } of containers.flatMap(({ envs = [] }) => envs)) {
    if (valueSource === undefined) continue;
    const { secret } = valueSource.secretKeyRef;
    refuse(
      !grants.some((each) => each.inputs['secretId'] === secret),
      `Permission denied on secret: projects/${cloud.project(text(inputs, 'project')).number}/secrets/${secret} for Revision service account ${serviceAccount}. The service account used must be granted the 'Secret Manager Secret Accessor' role.`,
    );
  }
}

/**
 * Checks that a new revision can start. If it cannot, an update with the same template fails again,
 * because Cloud Run neither retries the revision nor creates a new one.
 *
 * @throws {GoogleError} if the revision cannot start
 */
function admitRevision(stored: Stored, cloud: Cloud): void {
  const before = stored.outputs['refused'];
  if (before !== undefined) throw new GoogleError(400, String(before));
  try {
    admitAccess(stored, stored.inputs['template'] as Template, cloud);
  } catch (error) {
    stored.outputs['refused'] = (error as GoogleError).message;
    throw error;
  }
}

function admitAccount({ serviceAccount }: Template, cloud: Cloud): void {
  const accounts = cloud
    .of('gcp:serviceaccount/account:Account')
    .map(({ outputs }) => outputs['email']);
  refuse(!accounts.includes(serviceAccount), `Service account ${serviceAccount} does not exist.`);
}

/** Returns the resource type for the IAM members of a service or job, which must exist already. */
function memberOf(kind: 'service' | 'job'): ResourceType {
  return {
    ...member(['project', 'location', 'name'], 'run.googleapis.com'),
    admit(inputs, cloud, before) {
      const id = `projects/${inputs['project']}/locations/${inputs['location']}/${kind}s/${inputs['name']}`;
      if (inputs['name'] !== unknown && !cloud.resources.has(id))
        throw new GoogleError(
          404,
          `Resource '${inputs['name']}' of kind '${kind.toUpperCase()}' does not exist.`,
        );
      member([]).admit?.(inputs, cloud, before);
    },
  };
}

function admitContainer(container: Container, project: string, cloud: Cloud): void {
  refuse(!cloud.imageExists(container.image), `Image '${container.image}' not found.`);
  for (const env of container.envs ?? []) {
    refuse(
      reserved.includes(env.name),
      `The following reserved env names were provided: ${env.name}`,
    );
    admitSecret(env, project, cloud);
  }
  const { cpu = '1', memory = '512Mi' } = container.resources?.limits ?? {};
  const mebibytes = memory.endsWith('Gi')
    ? Number(memory.slice(0, -2)) * 1024
    : Number(memory.slice(0, -2));
  refuse(!['1', '2', '4', '6', '8'].includes(cpu), 'cpu must be one of 1, 2, 4, 6, 8');
  // https://cloud.google.com/run/docs/configuring/services/cpu#cpu-memory
  refuse(Number(cpu) >= 4 && mebibytes < 2048, 'cpu of 4 or more needs at least 2Gi of memory');
  refuse(
    Number(cpu) <= 4 && mebibytes > Number(cpu) * 4096,
    `For ${cpu} CPU, memory must be at most ${Number(cpu) * 4}Gi.`,
  );
  refuse(mebibytes < 512, 'memory must be at least 512Mi for the second generation');
  for (const [kind, probe, longest] of [
    ['startup', container.startupProbe, 240],
    ['liveness', container.livenessProbe, 3600],
    ['readiness', container.readinessProbe, 300],
  ] as const) {
    const { periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe ?? {};
    refuse(
      timeoutSeconds > periodSeconds,
      `${kind} probe: timeout_seconds must be at most period_seconds`,
    );
    refuse(periodSeconds > longest, `${kind} probe: period_seconds must be at most ${longest}`);
    refuse(
      kind === 'startup' && periodSeconds * failureThreshold > 240,
      'startup probe: must fail within 240 seconds',
    );
  }
}

/**
 * Period in milliseconds during which direct VPC egress keeps the addresses of a service after it
 * was deleted, or no longer uses the subnetwork:
 * https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#delete-subnet
 */
const held = 2 * 3_600_000;

const subnetworksOf = ({ template }: Properties): string[] =>
  ((template as Template).vpcAccess?.networkInterfaces ?? []).map(({ subnetwork }) => subnetwork);

/** Makes Cloud Run keep the subnetworks that a service used before, but does not use now. */
function holdSubnetworks(before: Properties, now: Properties | undefined, cloud: Cloud): void {
  const used = now ? subnetworksOf(now) : [];
  for (const subnetwork of subnetworksOf(before))
    if (!used.includes(subnetwork)) cloud.heldSubnetworks.set(subnetwork, cloud.now() + held);
}

/**
 * Starts the newest revision of a service.
 *
 * @throws {GoogleError} if the revision does not start
 */
async function startRevision(stored: Stored, cloud: Cloud): Promise<void> {
  admitRevision(stored, cloud);
  await cloud.machinery?.run(stored, cloud);
  stored.outputs['latestReadyRevision'] = stored.outputs['latestCreatedRevision'];
}

/**
 * Creates another revision of a service from the same template, like a request with
 * `forceNewRevision`.
 *
 * @throws {GoogleError} if the revision does not start
 */
export async function forceRevision(stored: Stored, cloud: Cloud): Promise<void> {
  const { outputs, inputs, id } = stored;
  const revisions = outputs['revisions'] as string[];
  const revision = revisionOf(text(inputs, 'name'), revisions.length + 1);
  outputs['revisions'] = [...revisions, revision];
  outputs['latestCreatedRevision'] = `${id}/revisions/${revision}`;
  delete outputs['refused'];
  await startRevision(stored, cloud);
}

const revisionOf = (name: string, number: number) => `${name}-${String(number).padStart(5, '0')}`;

export const run: Record<string, ResourceType> = {
  'gcp:cloudrunv2/service:Service': {
    api: 'run.googleapis.com',
    message: ['run-v2', 'GoogleCloudRunV2Service'],
    fields: { traffics: 'traffic', envs: 'env' },
    replacedBy: ['project', 'location', 'name'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/services/${text(inputs, 'name')}`,
    check: (inputs) =>
      form(
        inputs,
        'name',
        /^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/,
        'must be 1 to 49 of a-z, 0-9 and -',
      ),
    admit(inputs, cloud, before) {
      const template = inputs['template'] as Template;
      const project = text(inputs, 'project');
      admitAccount(template, cloud);
      for (const scaling of [template.scaling, inputs['scaling'] as Scaling | undefined]) {
        refuse(
          (scaling?.minInstanceCount ?? 0) > (scaling?.maxInstanceCount ?? 100),
          'min_instance_count must not be more than max_instance_count',
        );
      }
      for (const container of template.containers) admitContainer(container, project, cloud);
      const authorization = inputs['binaryAuthorization'] as
        | { readonly useDefault?: boolean }
        | undefined;
      const changed = JSON.stringify(before?.inputs['template']) !== JSON.stringify(template);
      // Cloud Run checks the attestation of each new revision:
      // https://cloud.google.com/binary-authorization/docs/run/overview
      for (const { image } of changed && authorization?.useDefault ? template.containers : []) {
        const denial = denialOf(project, image, cloud);
        refuse(
          denial !== undefined,
          `Container image '${image}' is not authorized by policy. ${denial}`,
        );
      }
      const traffic = (inputs['traffics'] as Traffic[] | undefined) ?? [];
      const sum = traffic.reduce((total, { percent = 0 }) => total + percent, 0);
      refuse(traffic.length > 0 && sum !== 100, 'traffic percents must sum to 100');
      const revisions = (before?.outputs['revisions'] as string[] | undefined) ?? [];
      for (const { revision } of traffic) {
        refuse(
          revision !== undefined && !revisions.includes(revision),
          `Revision ${revision} not found.`,
        );
      }
    },
    outputs(inputs, cloud, before) {
      if (before) holdSubnetworks(before.inputs, inputs, cloud);
      const { number } = cloud.project(text(inputs, 'project'));
      const [name, location] = [text(inputs, 'name'), text(inputs, 'location')];
      const earlier = (before?.outputs['revisions'] as string[] | undefined) ?? [];
      const same =
        before !== undefined &&
        JSON.stringify(before.inputs['template']) === JSON.stringify(inputs['template']);
      const revisions = same ? earlier : [...earlier, revisionOf(name, earlier.length + 1)];
      const hash = `https://${name}-a1b2c3d4e5-uc.a.run.app`;
      // Cloud Run's API v2 returns full resource names of revisions, although `traffic[].revision`
      // accepts only the last segment:
      // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#resource:-service
      const latest = `projects/${text(inputs, 'project')}/locations/${location}/services/${name}/revisions/${revisions.at(-1)}`;
      return {
        uri: hash,
        urls: [`https://${name}-${number}.${location}.run.app`, hash],
        revisions,
        latestCreatedRevision: latest,
        // Becomes the created revision once that is ready.
        latestReadyRevision: before?.outputs['latestReadyRevision'] ?? '',
        ...(same && { refused: before.outputs['refused'] }),
        generation: String(Number(before?.outputs['generation'] ?? 0) + 1),
      };
    },
    protectedBy: (outputs) =>
      outputs['deletionProtection'] === true ? 'deletion_protection is true' : undefined,
    afterWrite: startRevision,
    afterDelete(stored, cloud) {
      holdSubnetworks(stored.inputs, undefined, cloud);
      return cloud.machinery?.stop(stored);
    },
  },
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': memberOf('service'),
  'gcp:cloudrunv2/job:Job': {
    api: 'run.googleapis.com',
    message: ['run-v2', 'GoogleCloudRunV2Job'],
    fields: { envs: 'env' },
    replacedBy: ['project', 'location', 'name'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/jobs/${text(inputs, 'name')}`,
    check: (inputs) =>
      form(
        inputs,
        'name',
        /^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/,
        'must be 1 to 49 of a-z, 0-9 and -',
      ),
    // Cloud Run checks the attestation of a job's image only at execution.
    admit(inputs, cloud) {
      const task = taskOf(inputs);
      admitAccount(task, cloud);
      for (const container of task.containers)
        admitContainer(container, text(inputs, 'project'), cloud);
      const seconds = Number.parseInt(task.timeout ?? '600s', 10);
      refuse(seconds < 1 || seconds > 7 * 24 * 3600, 'timeout must be 1 second to 168 hours');
    },
    outputs: (_inputs, _cloud, before) => ({
      generation: String(Number(before?.outputs['generation'] ?? 0) + 1),
      executionCount: before?.outputs['executionCount'] ?? 0,
    }),
    protectedBy: (outputs) =>
      outputs['deletionProtection'] === true ? 'deletion_protection is true' : undefined,
    afterWrite: (stored, cloud) => admitAccess(stored, taskOf(stored.inputs), cloud),
  },
  'gcp:cloudrunv2/jobIamMember:JobIamMember': memberOf('job'),
};
