import * as pulumi from '@pulumi/pulumi';
import { AuditLogs } from './audit-logs.ts';
import { budget } from './budget.ts';
import { Federation } from './delivery.ts';
import { ProjectServices } from './project-services.ts';
import { Registry } from './registry.ts';
import type { Settings } from './settings/index.ts';

/** What a project has once, however many services are in it. */
export class Foundation extends pulumi.ComponentResource {
  /** What everything else waits for. */
  readonly ready: pulumi.Resource[];
  readonly federation: Federation | undefined;

  constructor(settings: Settings, projectNumber: string) {
    // Protection passes on to everything below: a destroy would else delete all that is not, and stop half-way.
    super('andamio:Project', 'project', {}, { protect: settings.protect });
    const apis = new ProjectServices(settings, { parent: this });
    const opts = { parent: this, dependsOn: apis.enabled };
    const registry = new Registry(settings, opts);
    new AuditLogs(settings, opts);
    if (settings.billingAccount) budget(settings, projectNumber, settings.billingAccount, opts);
    this.federation = settings.github && new Federation(settings, projectNumber, settings.github, opts);
    this.ready = [...apis.enabled, registry.repository, ...(this.federation ? [this.federation] : [])];
    this.registerOutputs();
  }
}
