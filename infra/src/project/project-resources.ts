import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import type { LastUpdate } from '../last-update.ts';
import { Apis } from './apis.ts';
import { Attestation, findSigningKey } from './attestation.ts';
import { AuditLogs } from './audit-logs.ts';
import { budget } from './budget.ts';
import { Federation, findFederation } from './federation.ts';
import { ImageRegistry } from './image-registry.ts';
import { ReadOnlyIdentities } from './read-only-identities.ts';

/**
 * Finds the resources that Google still keeps in the project since the stack was destroyed, or since
 * the settings that declare them were removed. Looks only for resources that the last update did not
 * have.
 *
 * @returns import ids by resource name
 */
export async function findRetainedResources(
  settings: Settings,
  { mainProvider, signingKey }: LastUpdate,
): Promise<ReadonlyMap<string, string>> {
  const { project, github, requireAttestation } = settings;
  const found = await Promise.all([
    ...(github && mainProvider === undefined ? [findFederation(project)] : []),
    ...(requireAttestation && signingKey === undefined ? [findSigningKey(settings)] : []),
  ]);
  return new Map(found.flatMap((ids) => [...ids]));
}

/** The resources that exist once per project. All services in the project share them. */
export class ProjectResources extends pulumi.ComponentResource {
  /** Resources that must exist before a service's resources are created. */
  readonly ready: pulumi.Resource[];
  readonly federation: Federation | undefined;
  readonly readOnlyIdentities: ReadOnlyIdentities | undefined;
  readonly attestation: Attestation | undefined;

  constructor(settings: Settings, projectNumber: string) {
    super('andamio:Project', 'project');
    const apis = new Apis(settings, { parent: this });
    const opts = { parent: this, dependsOn: apis.enabled };
    const { repository } = new ImageRegistry(settings, opts);
    new AuditLogs(settings, opts);
    const { github, billingAccount } = settings;
    if (billingAccount) budget(settings, projectNumber, billingAccount, opts);
    if (github) {
      this.federation = new Federation(settings, github, opts);
      this.readOnlyIdentities = new ReadOnlyIdentities(
        settings,
        projectNumber,
        github,
        this.federation,
        opts,
      );
    }
    const { federation } = this;
    if (settings.requireAttestation) {
      this.attestation = new Attestation(
        { settings, projectNumber, repository, github, federation },
        opts,
      );
    }
    this.ready = [
      ...apis.enabled,
      repository,
      ...(this.federation ? [this.federation] : []),
      ...(this.attestation ? [this.attestation] : []),
    ];
    this.registerOutputs();
  }
}
