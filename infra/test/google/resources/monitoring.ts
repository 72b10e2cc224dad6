import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, text } from './common.ts';

/** A resource whose id Google chooses: here it follows from what it is called, so that runs can be compared. */
function named(
  kind: string,
  message: string,
  by: string,
  outputs?: (inputs: Properties, id: string) => Properties,
): ResourceType {
  const id = (inputs: Properties) =>
    `projects/${text(inputs, 'project')}/${kind}/${text(inputs, by)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')}`;
  return {
    api: 'monitoring.googleapis.com',
    message: ['monitoring-v3', message],
    replacedBy: ['project'],
    id,
    outputs: (inputs) => ({ name: id(inputs), ...outputs?.(inputs, id(inputs)) }),
  };
}

function admitAlert(inputs: Properties, cloud: Cloud): void {
  for (const channel of (inputs['notificationChannels'] as string[] | undefined) ?? []) {
    if (!cloud.resources.has(channel)) throw new GoogleError(404, `Cannot find channel ${channel}.`);
  }
  for (const { conditionThreshold } of inputs['conditions'] as { conditionThreshold?: Properties }[]) {
    const filter = String(conditionThreshold?.['filter'] ?? '');
    const metric = /logging\.googleapis\.com\/user\/([^"]+)"/.exec(filter)?.[1];
    if (metric && !cloud.of('gcp:logging/metric:Metric').some((each) => each.inputs['name'] === metric)) {
      throw new GoogleError(404, `Cannot find metric that matches type = "logging.googleapis.com/user/${metric}".`);
    }
    const objective = /select_slo_burn_rate\("([^"]+)"/.exec(filter)?.[1];
    if (objective && !cloud.resources.has(objective)) throw new GoogleError(404, `Cannot find SLO ${objective}.`);
  }
}

export const monitoring: Record<string, ResourceType> = {
  'gcp:monitoring/notificationChannel:NotificationChannel': named(
    'notificationChannels',
    'NotificationChannel',
    'displayName',
  ),
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': {
    ...named('uptimeCheckConfigs', 'UptimeCheckConfig', 'displayName', (_, id) => ({
      uptimeCheckId: id.split('/').at(-1),
    })),
    replacedBy: ['project', 'monitoredResource'],
    check: (inputs) => form(inputs, 'period', /^(60|300|600|900)s$/, 'must be 60s, 300s, 600s or 900s'),
  },
  'gcp:monitoring/alertPolicy:AlertPolicy': {
    ...named('alertPolicies', 'AlertPolicy', 'displayName'),
    optional: ['notificationRateLimit', 'name'],
    admit: admitAlert,
  },
  'gcp:monitoring/genericService:GenericService': {
    ...named('services', 'Service', 'serviceId'),
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
      if (!cloud.resources.has(service)) throw new GoogleError(404, `Cannot find service ${service}.`);
      if ((inputs['goal'] as number) > 0.999) throw new GoogleError(400, 'goal must be at most 0.999');
    },
    outputs(inputs, cloud) {
      return { name: this.id(inputs, cloud) };
    },
  },
  'gcp:monitoring/dashboard:Dashboard': {
    api: 'monitoring.googleapis.com',
    replacedBy: ['project'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/dashboards/${JSON.parse(text(inputs, 'dashboardJson')).displayName}`,
  },
  'gcp:logging/metric:Metric': {
    api: 'logging.googleapis.com',
    message: ['logging-v2', 'LogMetric'],
    replacedBy: ['project', 'name'],
    id: (inputs) => text(inputs, 'name'),
  },
};
