import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { ProjectServices } from './apis.ts';
import { Attestation, type KeysBefore } from './attestation.ts';
import { AuditLogs } from './audit-logs.ts';
import { budget } from './budget.ts';
import { Federation } from './federation.ts';
import { Registry } from './image-registry.ts';
import { Readers } from './read-only-identities.ts';

/** Resources that exist once per project and are shared by all of its services. */
export class Foundation extends pulumi.ComponentResource {
  /** Resources that must exist before any other resource is created. */
  readonly ready: pulumi.Resource[];
  readonly federation: Federation | undefined;
  readonly readers: Readers | undefined;
  readonly attestation: Attestation | undefined;

  constructor(settings: Settings, projectNumber: string, keysBefore: KeysBefore | undefined) {
    // Protection must apply to all child resources. Otherwise `destroy` would delete the
    // unprotected ones and then stop halfway.
    super('andamio:Project', 'project', {}, { protect: settings.protect });
    const apis = new ProjectServices(settings, { parent: this });
    const opts = { parent: this, dependsOn: apis.enabled };
    const registry = new Registry(settings, opts);
    new AuditLogs(settings, opts);
    if (settings.billingAccount) budget(settings, projectNumber, settings.billingAccount, opts);
    const { github } = settings;
    this.federation = github && new Federation(settings, github, opts);
    this.readers =
      github &&
      this.federation &&
      new Readers(settings, projectNumber, github, this.federation, opts);
    this.attestation =
      keysBefore &&
      new Attestation(
        {
          settings,
          projectNumber,
          keysBefore,
          repository: registry.repository,
          github,
          federation: this.federation,
        },
        opts,
      );
    const { federation, attestation } = this;
    this.ready = [
      ...apis.enabled,
      registry.repository,
      ...[federation, attestation].filter((each) => each !== undefined),
    ];
    this.registerOutputs();
  }
}
