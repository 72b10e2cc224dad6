import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/** The Google APIs that the platform calls, with the purpose of each. */
const apis = {
  'artifactregistry.googleapis.com': 'images',
  'cloudresourcemanager.googleapis.com': 'the project, its policies and audit logs',
  'containerscanning.googleapis.com': 'vulnerability scanning of images',
  'firestore.googleapis.com': 'keys',
  'iam.googleapis.com': 'accounts, roles and federation',
  'iamcredentials.googleapis.com': 'federation: tokens for the accounts of CI',
  'logging.googleapis.com': 'logs, and alerts on their entries',
  'monitoring.googleapis.com': 'uptime, SLOs, alerts and the dashboard',
  'run.googleapis.com': 'the service',
  'secretmanager.googleapis.com': 'JWT secrets and key peppers',
  'serviceusage.googleapis.com': 'this list',
  'sts.googleapis.com': 'federation: the exchange of tokens',
} as const;

/**
 * The APIs that are enabled in the project. They stay enabled after the stack is destroyed, because
 * other software may use them.
 */
export class Apis extends pulumi.ComponentResource {
  readonly enabled: gcp.projects.Service[];

  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
    // The type differs from the name of the class, because a new type would replace the resources.
    super('andamio:project:Services', 'apis', {}, opts);
    const optional = [
      ...(settings.billingAccount ? ['billingbudgets.googleapis.com'] : []),
      ...(settings.sharedRateLimits
        ? [
            'compute.googleapis.com',
            'memorystore.googleapis.com',
            'networkconnectivity.googleapis.com',
          ]
        : []),
      ...(settings.requireAttestation
        ? [
            'binaryauthorization.googleapis.com',
            'cloudkms.googleapis.com',
            'containeranalysis.googleapis.com',
          ]
        : []),
    ];
    this.enabled = [...Object.keys(apis), ...optional].map(
      (service) =>
        new gcp.projects.Service(
          `${service.replace('.googleapis.com', '')}-api`,
          { project: settings.project, service, disableOnDestroy: false },
          { parent: this, customTimeouts: { create: '10m' } },
        ),
    );
    this.registerOutputs();
  }
}
