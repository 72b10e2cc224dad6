import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { alertOnMetrics, type MonitoredService, threshold } from './alert-policy.ts';

const objectivesOfService = {
  availability: {
    goal: 0.999,
    displayName: 'Requests without a 5xx response',
    basicSli: { availability: { enabled: true } },
  },
  latency: {
    goal: 0.99,
    displayName: 'Responses within half a second',
    basicSli: { latency: { threshold: '0.5s' } },
  },
} as const;

/**
 * Alert thresholds for the burn rate of the error budget. At a burn rate of 1, the budget of 28
 * days lasts exactly 28 days. An alert fires if the rate is exceeded in both a long and a short
 * window: https://sre.google/workbook/alerting-on-slos/ (multiwindow, multi-burn-rate)
 */
const burnRates = [
  { speed: 'fast', factor: 14.4, windows: ['3600s', '300s'], severity: 'CRITICAL' },
  { speed: 'slow', factor: 6, windows: ['21600s', '1800s'], severity: 'WARNING' },
] as const;

/**
 * Creates service level objectives over 28 days, and alerts that fire when an error budget is used
 * up too fast.
 */
export function objectives(service: MonitoredService): void {
  const { settings, opts } = service;
  const observed = new gcp.monitoring.GenericService(
    'observed-service',
    {
      project: settings.project,
      serviceId: settings.service,
      displayName: settings.service,
      basicService: {
        serviceType: 'CLOUD_RUN',
        serviceLabels: { service_name: settings.service, location: settings.region },
      },
    },
    opts,
  );
  for (const [name, objective] of Object.entries(objectivesOfService)) {
    const slo = new gcp.monitoring.Slo(
      `slo-${name}`,
      {
        project: settings.project,
        service: observed.serviceId,
        sloId: name,
        rollingPeriodDays: 28,
        ...objective,
      },
      opts,
    );
    for (const { speed, factor, windows, severity } of burnRates) {
      alertOnMetrics(service, `alert-${name}-${speed}`, {
        title: `burns its ${name} budget ${speed === 'fast' ? 'fast' : 'slowly'}`,
        severity,
        advice: `At this rate, the error budget of 28 days is used up in ${Math.round((28 / factor) * 24)} hours. Find the start of the increase on the dashboard, and check the releases at that time.`,
        conditions: windows.map((window) =>
          threshold(`Burn rate over ${window}`, {
            filter: pulumi.interpolate`select_slo_burn_rate("${slo.name}", "${window}")`,
            above: factor,
            duration: '0s',
          }),
        ),
      });
    }
  }
}
