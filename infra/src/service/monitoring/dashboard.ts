import * as gcp from '@pulumi/gcp';
import type { MonitoredService } from './alert-policy.ts';

interface Chart {
  readonly title: string;
  readonly metric: string;
  readonly aligner: 'ALIGN_RATE' | 'ALIGN_PERCENTILE_95' | 'ALIGN_MAX';
  readonly groupBy?: string;
}

const charts: readonly Chart[] = [
  {
    title: 'Requests per second by status class',
    metric: 'request_count',
    aligner: 'ALIGN_RATE',
    groupBy: 'metric.label.response_code_class',
  },
  {
    title: 'Latency, 95th percentile',
    metric: 'request_latencies',
    aligner: 'ALIGN_PERCENTILE_95',
  },
  {
    title: 'Instances',
    metric: 'container/instance_count',
    aligner: 'ALIGN_MAX',
    groupBy: 'metric.label.state',
  },
  {
    title: 'Memory utilization, 95th percentile',
    metric: 'container/memory/utilizations',
    aligner: 'ALIGN_PERCENTILE_95',
  },
  {
    title: 'CPU utilization, 95th percentile',
    metric: 'container/cpu/utilizations',
    aligner: 'ALIGN_PERCENTILE_95',
  },
  {
    title: 'Instance startup time, 95th percentile',
    metric: 'container/startup_latencies',
    aligner: 'ALIGN_PERCENTILE_95',
  },
];

const columns = 12;

/**
 * Returns an object with a tile coordinate. The object is empty if the coordinate is zero: Google
 * omits zeros from its responses, so a declared zero would appear as a change at every `up`.
 */
const unlessZero = (name: 'xPos' | 'yPos', value: number) => (value === 0 ? {} : { [name]: value });

/** Creates a dashboard of traffic, errors, latency and instances. */
export function dashboard({ settings, opts }: Pick<MonitoredService, 'settings' | 'opts'>): void {
  const tiles = charts.map(({ title, metric, aligner, groupBy }, index) => ({
    width: columns / 2,
    height: 4,
    ...unlessZero('xPos', (index % 2) * (columns / 2)),
    ...unlessZero('yPos', Math.floor(index / 2) * 4),
    widget: {
      title,
      xyChart: {
        dataSets: [
          {
            plotType: 'LINE',
            timeSeriesQuery: {
              timeSeriesFilter: {
                filter: `metric.type="run.googleapis.com/${metric}" resource.type="cloud_run_revision" resource.label.service_name="${settings.service}"`,
                aggregation: {
                  alignmentPeriod: '60s',
                  perSeriesAligner: aligner,
                  crossSeriesReducer: aligner === 'ALIGN_RATE' ? 'REDUCE_SUM' : 'REDUCE_MAX',
                  ...(groupBy && { groupByFields: [groupBy] }),
                },
              },
            },
          },
        ],
      },
    },
  }));
  new gcp.monitoring.Dashboard(
    'dashboard',
    {
      project: settings.project,
      dashboardJson: JSON.stringify({
        displayName: settings.service,
        mosaicLayout: { columns, tiles },
      }),
    },
    opts,
  );
}
