import { randomBytes, randomUUID } from 'node:crypto';
import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, text } from './common.ts';

const digits = (count: number) => Array.from(randomBytes(count), (byte) => byte % 10).join('');

/** Returns a resource type for resources whose ids Google chooses. */
function named(message: string, idOf: (inputs: Properties) => string): ResourceType {
  return {
    api: 'monitoring.googleapis.com',
    message: ['monitoring-v3', message],
    replacedBy: ['project'],
    id: (inputs) => `projects/${text(inputs, 'project')}/${idOf(inputs)}`,
    outputs: (_inputs, _cloud, _before, id) => ({ name: id }),
  };
}

interface Condition {
  readonly conditionThreshold?: { readonly filter?: string };
  readonly conditionMatchedLog?: {
    readonly filter: string;
    readonly labelExtractors?: Readonly<Record<string, string>>;
  };
}

/** Period in milliseconds during which alert policies may not recognize a new log-based metric. */
const visibleAfter = 10 * 60_000;

function admitThreshold(filter: string, cloud: Cloud): void {
  const metric = /logging\.googleapis\.com\/user\/([^"]+)"/.exec(filter)?.[1];
  const known = cloud
    .of('gcp:logging/metric:Metric')
    .some(
      ({ inputs, created }) => inputs['name'] === metric && cloud.now() - created >= visibleAfter,
    );
  if (metric && !known) {
    throw new GoogleError(
      404,
      `Cannot find metric(s) that match type = "logging.googleapis.com/user/${metric}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.`,
    );
  }
  const objective = /select_slo_burn_rate\("([^"]+)"/.exec(filter)?.[1];
  if (objective && !cloud.resources.has(objective))
    throw new GoogleError(404, `Cannot find SLO ${objective}.`);
}

function admitAlert(inputs: Properties, cloud: Cloud): void {
  for (const channel of (inputs['notificationChannels'] as string[] | undefined) ?? []) {
    if (!cloud.resources.has(channel))
      throw new GoogleError(404, `Cannot find channel ${channel}.`);
  }
  const conditions = inputs['conditions'] as Condition[];
  for (const { conditionThreshold } of conditions)
    admitThreshold(conditionThreshold?.filter ?? '', cloud);

  const strategy = inputs['alertStrategy'] as {
    notificationRateLimit?: { period?: string };
    autoClose?: string;
  };
  const period = strategy?.notificationRateLimit?.period;
  if (conditions.some(({ conditionMatchedLog }) => conditionMatchedLog)) {
    refuse(
      conditions.length > 1,
      'Alert policies with a log matching condition can only have a single condition.',
    );
    refuse(
      period === undefined,
      'Field alertStrategy.notificationRateLimit had an invalid value: log-based alert policies must specify a notification rate limit.',
    );
    refuse(
      inputs['combiner'] !== 'OR',
      'Field combiner had an invalid value: must be OR for log-based alert policies.',
    );
  } else {
    refuse(
      period !== undefined,
      `Field alertStrategy.notificationRateLimit had an invalid value of "${period}": metric-based alert policies must not specify a notification rate limit`,
    );
  }
  refuse(
    Number.parseInt(strategy?.autoClose ?? '1800', 10) < 1800,
    'Field alertStrategy.autoClose must be at least 1800s.',
  );
}

function refuse(broken: boolean, message: string): void {
  if (broken) throw new GoogleError(400, message);
}

export const monitoring: Record<string, ResourceType> = {
  'gcp:monitoring/notificationChannel:NotificationChannel': named(
    'NotificationChannel',
    () => `notificationChannels/${digits(19)}`,
  ),
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': {
    ...named(
      'UptimeCheckConfig',
      (inputs) =>
        `uptimeCheckConfigs/${text(inputs, 'displayName')
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')}-${randomBytes(8).toString('base64url')}`,
    ),
    replacedBy: ['project', 'monitoredResource'],
    check: (inputs) =>
      form(inputs, 'period', /^(60|300|600|900)s$/, 'must be 60s, 300s, 600s or 900s'),
    outputs: (_inputs, _cloud, _before, id) => ({ name: id, uptimeCheckId: id.split('/').at(-1) }),
  },
  'gcp:monitoring/alertPolicy:AlertPolicy': {
    ...named('AlertPolicy', () => `alertPolicies/${digits(19)}`),
    optional: ['notificationRateLimit', 'name'],
    admit: admitAlert,
  },
  'gcp:monitoring/genericService:GenericService': {
    ...named('Service', (inputs) => `services/${text(inputs, 'serviceId')}`),
    replacedBy: ['project', 'serviceId', 'basicService'],
  },
  'gcp:monitoring/slo:Slo': {
    api: 'monitoring.googleapis.com',
    message: ['monitoring-v3', 'ServiceLevelObjective'],
    fields: { rollingPeriodDays: 'rollingPeriod', basicSli: 'serviceLevelIndicator' },
    replacedBy: ['project', 'service', 'sloId'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/services/${text(inputs, 'service')}/serviceLevelObjectives/${text(inputs, 'sloId')}`,
    admit(inputs, cloud) {
      const service = `projects/${text(inputs, 'project')}/services/${text(inputs, 'service')}`;
      if (!cloud.resources.has(service))
        throw new GoogleError(404, `Cannot find service ${service}.`);
      if ((inputs['goal'] as number) > 0.9999)
        throw new GoogleError(400, 'goal must be at most 0.9999');
    },
    outputs(inputs, cloud) {
      return { name: this.id(inputs, cloud) };
    },
  },
  'gcp:monitoring/dashboard:Dashboard': {
    api: 'monitoring.googleapis.com',
    replacedBy: ['project'],
    documents: ['dashboardJson'],
    id: (inputs, cloud) =>
      `projects/${cloud.project(text(inputs, 'project')).number}/dashboards/${randomUUID()}`,
  },
  'gcp:logging/metric:Metric': {
    api: 'logging.googleapis.com',
    message: ['logging-v2', 'LogMetric'],
    replacedBy: ['project', 'name'],
    id: (inputs) => text(inputs, 'name'),
  },
};
