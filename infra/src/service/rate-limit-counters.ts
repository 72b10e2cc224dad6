import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';

/**
 * A Memorystore for Valkey instance, and its network. All instances of the service share the rate
 * limit counters and the usage of keys in it (decision 37). Connections use TLS. They authenticate
 * with the service's Google identity instead of a password:
 * https://cloud.google.com/memorystore/docs/valkey/about-iam-auth
 */
export class RateLimitCounters extends pulumi.ComponentResource {
  /** The `rediss:` URL of the primary endpoint, without credentials. */
  readonly url: pulumi.Output<string>;
  /**
   * The instance's CA certificates, concatenated in PEM format. Google adds a new certificate
   * before the old one expires.
   */
  readonly certificates: pulumi.Output<string>;
  readonly vpcAccess: gcp.types.input.cloudrunv2.ServiceTemplateVpcAccess;
  /** The grant that allows the service's account to connect. */
  readonly access: gcp.projects.IAMMember;

  constructor(
    settings: Settings,
    account: gcp.serviceaccount.Account,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:service:RateLimitCounters', 'rate-limit-counters', {}, opts);
    const { project, region, service } = settings;
    const parent = { parent: this };
    const network = new gcp.compute.Network(
      'network',
      { project, name: service, autoCreateSubnetworks: false },
      parent,
    );
    const subnetwork = new gcp.compute.Subnetwork(
      'subnetwork',
      {
        project,
        region,
        name: service,
        network: network.id,
        // Direct VPC egress uses two addresses per instance, also for each old instance during a
        // release. Memorystore uses two addresses. A /20 range has 4,092 usable addresses, enough
        // for a thousand instances:
        // https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#direct-vpc-ip-allocation
        // Google can expand a range in place, but cannot reduce it.
        ipCidrRange: '10.10.0.0/20',
        privateIpGoogleAccess: true,
      },
      parent,
    );
    // Allows Memorystore to create its endpoints in the network:
    // https://cloud.google.com/memorystore/docs/valkey/networking
    const connections = new gcp.networkconnectivity.ServiceConnectionPolicy(
      'counters-connections',
      {
        project,
        location: region,
        name: service,
        serviceClass: 'gcp-memorystore',
        description: `Rate-limit counters of ${service}`,
        network: network.id,
        pscConfig: { subnetworks: [subnetwork.id] },
      },
      parent,
    );
    const instance = new gcp.memorystore.Instance(
      'counters',
      {
        project,
        location: region,
        instanceId: service,
        engineVersion: 'VALKEY_8_0',
        mode: 'CLUSTER_DISABLED',
        shardCount: 1,
        // The smallest node type that Google's SLA covers, with the replica that the SLA requires.
        // Little memory is needed: a counter is kept for a minute, and the usage of an owner
        // occupies 800 bytes for an hour.
        // https://cloud.google.com/memorystore/docs/valkey/instance-node-specification
        nodeType: 'CUSTOM_PICO',
        replicaCount: 1,
        authorizationMode: 'IAM_AUTH',
        transitEncryptionMode: 'SERVER_AUTHENTICATION',
        desiredAutoCreatedEndpoints: [{ network: network.id, projectId: project }],
        // Usage that is not yet stored in the database has no expiry, so Valkey never evicts it.
        // When memory is full, Valkey evicts the keys that expire soonest.
        engineConfigs: { 'maxmemory-policy': 'volatile-ttl' },
        // The setting that creates the instance must be able to remove it. It contains only what
        // the service counts in a minute.
        deletionProtectionEnabled: false,
      },
      { ...parent, dependsOn: [connections] },
    );
    this.access = new gcp.projects.IAMMember(
      'runtime-uses-counters',
      {
        project,
        role: 'roles/memorystore.dbConnectionUser',
        member: account.member,
        condition: {
          title: 'only-its-counters',
          description: `The instance ${service} alone`,
          expression: pulumi.interpolate`resource.name == "projects/${project}/locations/${region}/instances/${instance.instanceId}"`,
        },
      },
      parent,
    );
    this.url = instance.endpoints.apply(primaryUrl);
    this.certificates = instance.managedServerCas.apply((authorities) =>
      authorities
        .flatMap(({ caCerts }) => caCerts.flatMap(({ certificates }) => certificates))
        .map((certificate) => certificate.trim())
        .join('\n'),
    );
    this.vpcAccess = {
      egress: 'PRIVATE_RANGES_ONLY',
      networkInterfaces: [{ network: network.id, subnetwork: subnetwork.id }],
    };
    this.registerOutputs();
  }
}

/**
 * Returns the URL of the primary endpoint, which accepts writes. The other endpoint is read-only.
 */
function primaryUrl(endpoints: readonly gcp.types.output.memorystore.InstanceEndpoint[]): string {
  const primary = endpoints
    .flatMap(({ connections = [] }) => connections)
    .map(({ pscAutoConnection }) => pscAutoConnection)
    .find((connection) => connection?.connectionType === 'CONNECTION_TYPE_PRIMARY');
  if (primary === undefined)
    throw new pulumi.RunError('The Memorystore instance has no primary endpoint.');
  return `rediss://${primary.ipAddress}:${primary.port}`;
}
