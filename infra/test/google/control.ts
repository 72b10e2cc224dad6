import { attest } from './attestations.ts';
import type { ListenAs } from './callers.ts';
import type { Cloud, Fault, Stored } from './cloud.ts';
import type { Properties } from './resource-type.ts';

/** APIs that `bootstrap` enables, so that they can be called before the program enables any. */
const enabledFromStart = [
  'cloudresourcemanager.googleapis.com',
  'secretmanager.googleapis.com',
  'serviceusage.googleapis.com',
];

/** Returns the operations that tests perform directly on the cloud, without the engine. */
export function control(cloud: Cloud) {
  const required = (id: string): Stored => {
    const stored = cloud.resources.get(id);
    if (stored === undefined) throw new Error(`The fake Google has no ${id}.`);
    return stored;
  };
  return {
    addProject(id: string, number: string) {
      cloud.projects.push({ id, number });
      for (const api of enabledFromStart) cloud.enabled.set(`${id}/${api}`, 0);
    },
    restUrl: (): string => cloud.restUrl,
    /** Returns all existing resources. */
    resources: (): Stored[] => [...cloud.resources.values()],
    /** Changes arguments of a resource outside of Pulumi. */
    change(id: string, patch: Properties) {
      const stored = required(id);
      stored.inputs = { ...stored.inputs, ...patch };
      stored.outputs = { ...stored.outputs, ...patch };
    },
    /** Delays the effect of grants on secrets by the given seconds. */
    delayGrants(seconds: number) {
      cloud.grantDelay = seconds * 1000;
    },
    /** Delays responses of newly enabled APIs by the given seconds. */
    delayApis(seconds: number) {
      cloud.apiDelay = seconds * 1000;
    },
    /**
     * Makes this member the caller of all further requests. Without an argument, the owner of the
     * project is the caller.
     */
    actAs(member?: string) {
      cloud.caller = member;
    },
    /** Returns a port on which requests are from this member, independent of {@link actAs}. */
    portOf: (member: string): Promise<number> => (cloud.listenAs as ListenAs)(member),
    /** Advances Google's time by the given seconds. */
    pass(seconds: number) {
      cloud.pass(seconds * 1000);
    },
    enableApi(name: string) {
      cloud.enable(name);
    },
    /** Adds a deleted federation pool. */
    addDeletedPool(id: string) {
      const inputs = { project: id.split('/')[1], workloadIdentityPoolId: id.split('/').at(-1), displayName: 'old' };
      const type = 'gcp:iam/workloadIdentityPool:WorkloadIdentityPool';
      cloud.deleted.set(id, { id, type, inputs, outputs: inputs, created: cloud.now(), since: cloud.now() });
    },
    fail(fault: Fault) {
      cloud.faults.push(fault);
    },
    /** Ends the current delays and returns their number. */
    goOn(): number {
      const { size } = cloud.delays;
      for (const end of cloud.delays) end();
      return size;
    },
    /** Adds an image to a registry, by `ADDRESS@sha256:...` and optionally by tag. */
    addImage(reference: string, tagged?: string) {
      const digest = reference.slice(reference.indexOf('@') + 1);
      cloud.images.set(reference, digest);
      if (tagged) cloud.images.set(tagged, digest);
    },
    addSecretVersion: (secret: string, value: string): number => cloud.addSecretVersion(secret, value),
    secretValue: (version: string): string | undefined => cloud.secretVersions.get(version)?.value,
    /** Signs and attests an image as the build account does. */
    attest(project: string, image: string) {
      attest(project, image, cloud);
    },
    /** Attests an image as an account that may attach attestations but cannot use the key. */
    attestWithOtherKey(project: string, image: string) {
      attest(project, image, cloud, true);
    },
    disableSecretVersion(name: string) {
      const version = cloud.secretVersions.get(name);
      if (version) version.enabled = false;
    },
    secretVersions: (): string[] => [...cloud.secretVersions.keys()],
    enabledSecretVersions: (): string[] =>
      [...cloud.secretVersions].filter(([, { enabled }]) => enabled).map(([name]) => name),
    enabledApis: (): string[] => [...cloud.enabled.keys()],
    calls: (): string[] => [...cloud.calls],
    forgetCalls() {
      cloud.calls.length = 0;
    },
  };
}

export type Control = ReturnType<typeof control>;

/** A call of one of these operations by message. */
export interface Call {
  readonly id: number;
  readonly method: keyof Control;
  readonly args: readonly unknown[];
}
