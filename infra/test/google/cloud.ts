import type { Occurrence } from './attestations.ts';
import { callerOfPort, type ListenAs } from './callers.ts';
import { GoogleError } from './error.ts';
import type { Execution } from './executions.ts';
import type { Properties } from './resource-type.ts';

/** A resource as the cloud has it. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  /** Milliseconds by {@link Cloud.now}. */
  readonly created: number;
  inputs: Properties;
  outputs: Properties;
}

/** A project that exists. */
export interface Project {
  readonly id: string;
  readonly number: string;
}

/** What goes wrong with a call, how often. */
export interface Fault {
  readonly type: string;
  readonly operation: 'create' | 'update' | 'delete';
  /**
   * `status`: refused. `lost`: done, and the answer lost. `unready`: a service is there, and its revision does not start.
   * `delay`: begun after so many milliseconds, or at {@link Cloud.goOn}.
   */
  readonly kind: 'status' | 'lost' | 'unready' | 'delay';
  readonly status?: number;
  readonly message?: string;
  readonly milliseconds?: number;
  times: number;
}

/** What a rehearsal puts behind the fake Google, so that what is declared really happens. */
export interface Machinery {
  /** Builds an image and pushes it. @returns the digest */
  build(tags: readonly string[]): Promise<string>;
  imageExists(reference: string): boolean;
  /** Starts what a service declares, and resolves when it is ready. */
  run(service: Stored, cloud: Cloud): Promise<void>;
  stop(service: Stored): Promise<void>;
  /** Runs a job's container to its end. */
  execute(
    job: Stored,
    args: readonly string[],
    name: string,
    cloud: Cloud,
  ): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }>;
}

/** The state of the fake Google: what exists, and what is to go wrong. */
export class Cloud {
  readonly projects: Project[] = [];
  readonly resources = new Map<string, Stored>();
  /** APIs that are enabled, `PROJECT/API`, and since when, by {@link now}; they stay so. */
  readonly enabled = new Map<string, number>();
  /** Milliseconds until an API that was enabled answers. */
  apiDelay = 0;
  /** Secrets by their full name, and the values of their versions by the full name of each. */
  readonly secrets = new Set<string>();
  readonly secretVersions = new Map<string, { value: string; enabled: boolean }>();
  /** Images in registries, `ADDRESS@sha256:...` by that name and by tag. */
  readonly images = new Map<string, string>();
  /** Private keys of Cloud KMS as PEM, by the full name of a key version. */
  readonly signingKeys = new Map<string, string>();
  /** Attestations, as Container Analysis keeps them. */
  readonly occurrences: Occurrence[] = [];
  /** Executions of jobs, by name. */
  readonly executions = new Map<string, Execution>();
  /** Digests of images that were really built, by tag. */
  readonly built = new Map<string, string>();
  /** What was deleted and is kept for a while, by id. */
  readonly deleted = new Map<string, Stored & { readonly since: number }>();
  /** Until when Cloud Run holds a subnetwork that a service used, by id. */
  readonly heldSubnetworks = new Map<string, number>();
  readonly faults: Fault[] = [];
  /** Ends the delays under way. */
  readonly delays = new Set<() => void>();
  readonly calls: string[] = [];
  /** Where the REST APIs are served, with a slash at its end. */
  restUrl = '';
  machinery: Machinery | undefined;
  /** Milliseconds until a grant on a secret takes effect. */
  grantDelay = 0;
  /** Opens a port whose callers are one member. */
  listenAs: ListenAs | undefined;
  #ahead = 0;
  #caller: string | undefined;

  /** Who calls, as IAM names them, e.g. `serviceAccount:...`; the owner of the project where undefined. */
  get caller(): string | undefined {
    return callerOfPort() ?? this.#caller;
  }

  /** Sets who calls by the first port. */
  set caller(member: string | undefined) {
    this.#caller = member;
  }

  /** Returns the time at Google, in milliseconds. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Lets time pass at Google. */
  pass(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  project(name: string): Project {
    const found = this.projects.find(({ id, number }) => id === name || number === name);
    if (found === undefined)
      throw new GoogleError(403, `The caller does not have permission on project ${name}, or it may not exist.`);
    return found;
  }

  /** Enables an API, `PROJECT/API`. */
  enable(name: string): void {
    if (!this.enabled.has(name)) this.enabled.set(name, this.now());
  }

  requireApi(project: string, api: string): void {
    const since = this.enabled.get(`${this.project(project).id}/${api}`);
    if (since !== undefined && this.now() - since >= this.apiDelay) return;
    throw new GoogleError(
      403,
      `${api} has not been used in project ${this.project(project).number} before or it is disabled. If you enabled this API ` +
        'recently, wait a few minutes for the action to propagate to our systems and retry. SERVICE_DISABLED',
    );
  }

  imageExists(reference: string): boolean {
    return this.images.has(reference) || this.machinery?.imageExists(reference) === true;
  }

  /** Adds a version to a secret, which is created where it is missing. @returns the number of the version */
  addSecretVersion(secret: string, value: string): number {
    this.secrets.add(secret);
    const number = [...this.secretVersions.keys()].filter((name) => name.startsWith(`${secret}/`)).length + 1;
    this.secretVersions.set(`${secret}/versions/${number}`, { value, enabled: true });
    return number;
  }

  /** The resources of a type. */
  of(type: string): Stored[] {
    return [...this.resources.values()].filter((each) => each.type === type);
  }

  /** Brings back what was deleted. @throws {GoogleError} when Google does not keep it */
  undelete(id: string): void {
    const kept = this.deleted.get(id);
    if (kept === undefined) throw new GoogleError(404, `Requested entity was not found: ${id}`);
    this.deleted.delete(id);
    this.resources.set(id, kept);
  }

  takeFault(type: string, operation: Fault['operation']): Fault | undefined {
    const fault = this.faults.find((each) => each.type === type && each.operation === operation && each.times > 0);
    if (fault) fault.times--;
    return fault;
  }
}
