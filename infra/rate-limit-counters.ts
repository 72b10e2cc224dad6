import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings/index.ts';

/**
 * Redis on Memorystore, where all instances count together, and the network that reaches it. AUTH and TLS both: whoever
 * is in the network still needs the password, and reads none of it on the way.
 */
export class RateLimitCounters extends pulumi.ComponentResource {
  /** `rediss:` URL with the password: a secret. */
  readonly url: pulumi.Output<string>;
  /** PEM of the CA that signed the server's certificate. */
  readonly certificate: pulumi.Output<string>;
  readonly vpcAccess: gcp.types.input.cloudrunv2.ServiceTemplateVpcAccess;

  constructor(settings: Settings, opts?: pulumi.ComponentResourceOptions) {
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
        // Direct egress takes two addresses an instance while revisions change; /24 is enough for a hundred instances.
        ipCidrRange: '10.10.0.0/24',
        privateIpGoogleAccess: true,
      },
      parent,
    );
    const redis = new gcp.redis.Instance(
      'redis',
      {
        project,
        region,
        name: service,
        displayName: `Rate-limit counters of ${service}`,
        tier: 'STANDARD_HA',
        memorySizeGb: 1,
        redisVersion: 'REDIS_7_2',
        authorizedNetwork: network.id,
        connectMode: 'DIRECT_PEERING',
        authEnabled: true,
        transitEncryptionMode: 'SERVER_AUTHENTICATION',
        // Counters of a minute: what does not fit may go, the oldest first.
        redisConfigs: { 'maxmemory-policy': 'volatile-ttl' },
      },
      { ...parent, customTimeouts: { create: '30m' } },
    );
    this.url = pulumi.secret(pulumi.interpolate`rediss://:${redis.authString}@${redis.host}:${redis.port}`);
    this.certificate = redis.serverCaCerts.apply(([current]) => current?.cert ?? '');
    this.vpcAccess = {
      egress: 'PRIVATE_RANGES_ONLY',
      networkInterfaces: [{ network: network.id, subnetwork: subnetwork.id }],
    };
    this.registerOutputs();
  }
}
