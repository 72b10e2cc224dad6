import { attest } from './attestations.ts';
import type { ListenAs } from './callers.ts';
import type { Cloud, Fault, Stored } from './cloud.ts';
import type { Properties } from './resource-type.ts';

/** What may be asked of a project before the program has enabled anything in it, as `bootstrap` leaves it. */
const enabledFromStart = [
  'cloudresourcemanager.googleapis.com',
  'secretmanager.googleapis.com',
  'serviceusage.googleapis.com',
];

/** What tests look at and do by hand, behind the engine's back. */
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
    /** Everything that exists, by id. */
    resources: (): Stored[] => [...cloud.resources.values()],
    /** Changes arguments of a resource by hand. */
    change(id: string, patch: Properties) {
      const stored = required(id);
      stored.inputs = { ...stored.inputs, ...patch };
      stored.outputs = { ...stored.outputs, ...patch };
    },
    /** Lets a grant on a secret take effect so many seconds after it was made. */
    delayGrants(seconds: number) {
      cloud.grantDelay = seconds * 1000;
    },
    /** Lets an API answer so many seconds after it was enabled. */
    delayApis(seconds: number) {
      cloud.apiDelay = seconds * 1000;
    },
    /** Calls come from this member from now on; without one, from the owner of the project. */
    actAs(member?: string) {
      cloud.caller = member;
    },
    /** Returns a port by which calls come from this member, whoever {@link actAs} sets for the first one. */
    portOf: (member: string): Promise<number> => (cloud.listenAs as ListenAs)(member),
    /** Lets so many seconds pass at Google. */
    pass(seconds: number) {
      cloud.pass(seconds * 1000);
    },
    enableApi(name: string) {
      cloud.enable(name);
    },
    /** A federation pool that somebody deleted. */
    addDeletedPool(id: string) {
      const inputs = { project: id.split('/')[1], workloadIdentityPoolId: id.split('/').at(-1), displayName: 'old' };
      const type = 'gcp:iam/workloadIdentityPool:WorkloadIdentityPool';
      cloud.deleted.set(id, { id, type, inputs, outputs: inputs, created: cloud.now(), since: cloud.now() });
    },
    fail(fault: Fault) {
      cloud.faults.push(fault);
    },
    /** Ends the delays under way, and says how many there were. */
    goOn(): number {
      const { size } = cloud.delays;
      for (const end of cloud.delays) end();
      return size;
    },
    /** An image that somebody pushed, by `ADDRESS@sha256:...` and, where it has one, by tag. */
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
    /** Attests an image as somebody who may attach attestations and has no access to the key. */
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

/** A call of one of these by message. */
export interface Call {
  readonly id: number;
  readonly method: keyof Control;
  readonly args: readonly unknown[];
}
