import { attest } from './attestations.ts';
import type { ListenAs } from './callers.ts';
import type { Cloud, Fault, Stored } from './cloud.ts';
import { backUp, restore } from './databases.ts';
import type { Properties } from './resource-type.ts';

/** APIs that are enabled initially, because `bootstrap` enables them before the program runs. */
const enabledFromStart = [
  'cloudresourcemanager.googleapis.com',
  'secretmanager.googleapis.com',
  'serviceusage.googleapis.com',
];

/**
 * Returns the operations that let tests inspect and control the fake Google, bypassing the engine.
 */
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
    /** Creates a bucket in a project. */
    addBucket(name: string, project: string) {
      cloud.buckets.set(name, project);
    },
    /** Writes a JSON file to a bucket. */
    addObject(bucket: string, name: string, content: unknown) {
      cloud.objects.set(`${bucket}/${name}`, content);
    },
    /** Returns the buckets that gcloud created, each with its project's id. */
    buckets: (): Record<string, string> => Object.fromEntries(cloud.buckets),
    restUrl: (): string => cloud.restUrl,
    save: (): Uint8Array => cloud.save(),
    load(saved: Uint8Array) {
      cloud.load(saved);
    },
    resources: (): Stored[] => [...cloud.resources.values()],
    /** Changes a resource's arguments outside of Pulumi. */
    change(id: string, patch: Properties) {
      const stored = required(id);
      stored.inputs = { ...stored.inputs, ...patch };
      stored.outputs = { ...stored.outputs, ...patch };
    },
    /**
     * Delays the effect of grants on secrets by a number of seconds. 0 makes all grants effective
     * immediately.
     */
    delayGrants(seconds: number) {
      cloud.grantDelay = seconds * 1000;
    },
    /**
     * Makes newly enabled APIs unavailable for a number of seconds. 0 makes all APIs available
     * immediately.
     */
    delayApis(seconds: number) {
      cloud.apiDelay = seconds * 1000;
    },
    /**
     * Sets the caller of all later requests, as an IAM member. Without an argument, the project's
     * owner is the caller.
     */
    actAs(member?: string) {
      cloud.caller = member;
    },
    /**
     * Opens a port. The given member is the caller of all requests on it, regardless of {@link
     * actAs}. Returns the port.
     */
    portOf: (member: string): Promise<number> => (cloud.listenAs as ListenAs)(member),
    /** Advances Google's clock by a number of seconds. */
    pass(seconds: number) {
      cloud.pass(seconds * 1000);
    },
    enableApi(name: string) {
      cloud.enable(name);
    },
    /** Adds a workload identity pool that was deleted, and that Google still keeps. */
    addDeletedPool(id: string) {
      const inputs = {
        project: id.split('/')[1],
        workloadIdentityPoolId: id.split('/').at(-1),
        displayName: 'old',
      };
      const type = 'gcp:iam/workloadIdentityPool:WorkloadIdentityPool';
      cloud.deleted.set(id, {
        id,
        type,
        inputs,
        outputs: inputs,
        created: cloud.now(),
        since: cloud.now(),
      });
    },
    fail(fault: Fault) {
      cloud.faults.push(fault);
    },
    /** Returns the number of calls that wait because of a delay. */
    waiting: (): number => cloud.delays.size,
    /** Ends the delays of all waiting calls and returns the number of these calls. */
    goOn(): number {
      const { size } = cloud.delays;
      for (const end of cloud.delays) end();
      return size;
    },
    /**
     * Adds an image to a registry.
     *
     * @param reference `ADDRESS@sha256:...`
     */
    addImage(reference: string) {
      cloud.images.set(reference, reference.slice(reference.indexOf('@') + 1));
    },
    imageExists: (reference: string): boolean => cloud.imageExists(reference),
    addSecretVersion: (secret: string, value: string): number =>
      cloud.addSecretVersion(secret, value),
    secretValue: (version: string): string | undefined => cloud.secretVersions.get(version)?.value,
    /**
     * Creates a backup of a database, as a backup schedule does. Returns the backup's full name.
     */
    backUp: async (database: string): Promise<string> => (await backUp(database, cloud)).name,
    /** Restores a backup into a new database of the same project. */
    restore: (backup: string, databaseId: string): Promise<string> =>
      restore(backup, databaseId, cloud),
    /** Signs an image and attaches the attestation, as the build account does. */
    attest(project: string, image: string) {
      attest(project, image, cloud);
    },
    /**
     * Attaches an attestation that is signed with a key other than the attestor's. An account
     * without access to the signing key could do this.
     */
    attestWithOtherKey(project: string, image: string) {
      attest(project, image, cloud, true);
    },
    disableSecretVersion(name: string) {
      const version = cloud.secretVersions.get(name);
      if (version) version.enabled = false;
    },
    deleteSecret(id: string) {
      cloud.secrets.delete(id);
      for (const name of cloud.secretVersions.keys())
        if (name.startsWith(`${id}/`)) cloud.secretVersions.delete(name);
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

/** A message that calls one of the control operations. */
export interface Call {
  readonly id: number;
  readonly method: keyof Control;
  readonly args: readonly unknown[];
}
