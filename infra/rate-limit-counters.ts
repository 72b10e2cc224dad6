import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings/index.ts';

/**
 * Memorystore for Valkey, where all instances of the service count together, and the network that reaches it. Connections use TLS
 * and the service's own Google identity: there is no password.
 * https://cloud.google.com/memorystore/docs/valkey/about-iam-auth
 */
export class RateLimitCounters extends pulumi.ComponentResource {
  /** `rediss:` URL of the primary, without credentials. */
  readonly url: pulumi.Output<string>;
  /** The CA certificates in PEM, one after another: a new one appears before the old one expires. */
  readonly certificates: pulumi.Output<string>;
  readonly vpcAccess: gcp.types.input.cloudrunv2.ServiceTemplateVpcAccess;
  /** Lets the service's account connect. */
  readonly access: gcp.projects.IAMMember;

  constructor(settings: Settings, account: gcp.serviceaccount.Account, opts?: pulumi.ComponentResourceOptions) {
    super('andamio:service:RateLimitCounters', 'rate-limit-counters', {}, opts);
    const { project, region, service, protect } = settings;
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
        // Direct egress takes two addresses an instance while revisions change, the counters take two: /24 is enough for a
        // hundred instances.
        ipCidrRange: '10.10.0.0/24',
        privateIpGoogleAccess: true,
      },
      parent,
    );
    // Lets Memorystore place its endpoints in the network.
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
        // The smallest node that Google's SLA covers, and the replica that it asks for. Counters of a minute are small.
        // https://cloud.google.com/memorystore/docs/valkey/instance-node-specification
        nodeType: 'CUSTOM_PICO',
        replicaCount: 1,
        authorizationMode: 'IAM_AUTH',
        transitEncryptionMode: 'SERVER_AUTHENTICATION',
        desiredAutoCreatedEndpoints: [{ network: network.id, projectId: project }],
        // Counters of a minute: when memory is full, those that expire first are evicted.
        engineConfigs: { 'maxmemory-policy': 'volatile-ttl' },
        deletionProtectionEnabled: protect,
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

/** Returns the URL of the endpoint that takes writes; a second one is for reading. */
function primaryUrl(endpoints: readonly gcp.types.output.memorystore.InstanceEndpoint[]): string {
  const primary = endpoints
    .flatMap(({ connections = [] }) => connections)
    .map(({ pscAutoConnection }) => pscAutoConnection)
    .find((connection) => connection?.connectionType === 'CONNECTION_TYPE_PRIMARY');
  if (primary === undefined) throw new pulumi.RunError('The rate-limit counters have no endpoint that takes writes.');
  return `rediss://${primary.ipAddress}:${primary.port}`;
}
