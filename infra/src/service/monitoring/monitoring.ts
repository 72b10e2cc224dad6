import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../../settings/stack-settings.ts';
import type { Host } from '../../public-host.ts';
import type { MonitoredService } from './alert-policy.ts';
import { alerts } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import { objectives } from './objectives.ts';
import { uptime } from './uptime.ts';

export interface MonitoringArgs {
  readonly settings: Settings;
  readonly host: Host;
  /** Secret Manager ids of the service's secrets. */
  readonly secretIds: readonly string[];
  readonly service: gcp.cloudrunv2.Service;
}

/** The service level objectives, alerts, uptime check and dashboard of the service. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(args: MonitoringArgs, opts: pulumi.ComponentResourceOptions) {
    super('andamio:service:Monitoring', 'monitoring', {}, opts);
    const { settings, host, secretIds, service } = args;
    // Google may reject an alert. Alerts are created after the service, so that such an error does
    // not prevent its deployment.
    const children: pulumi.CustomResourceOptions = { parent: this, dependsOn: [service] };
    const channels =
      settings.alertEmail === undefined
        ? []
        : [
            new gcp.monitoring.NotificationChannel(
              'e-mail',
              {
                project: settings.project,
                displayName: `Operators of ${settings.service}`,
                type: 'email',
                labels: { email_address: settings.alertEmail },
              },
              children,
            ).name,
          ];
    const monitored: MonitoredService = { settings, channels, opts: children };
    uptime(monitored, host);
    objectives(monitored);
    alerts(monitored, secretIds);
    dashboard(monitored);
    this.registerOutputs();
  }
}
