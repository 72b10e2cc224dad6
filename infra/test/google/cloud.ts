import type { Occurrence } from './attestations.ts';
import { callerOfPort, type ListenAs } from './callers.ts';
import { GoogleError } from './error.ts';
import type { Execution } from './executions.ts';
import type { Properties } from './resource-type.ts';

/** A resource as the cloud stores it. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  /** Creation time in milliseconds, from {@link Cloud.now}. */
  readonly created: number;
  inputs: Properties;
  outputs: Properties;
}

/** An existing project. */
export interface Project {
  readonly id: string;
  readonly number: string;
}

/** A failure to inject into calls, and how often. */
export interface Fault {
  readonly type: string;
  readonly operation: 'create' | 'update' | 'delete';
  /**
   * `status`: the call is rejected. `lost`: the call succeeds and its response is lost. `unready`:
   * the service is created, but its revision does not start. `delay`: the call starts after the
   * given milliseconds, or at {@link Cloud.goOn}.
   */
  readonly kind: 'status' | 'lost' | 'unready' | 'delay';
  readonly status?: number;
  readonly message?: string;
  readonly milliseconds?: number;
  /** The only resource that fails. Omit it to fail any resource of the type. */
  readonly id?: string;
  times: number;
}

/** The backend that a rehearsal provides, so that declared images and services are real. */
export interface Machinery {
  /**
   * Builds an image and pushes it.
   *
   * @returns the digest
   */
  build(tags: readonly string[]): Promise<string>;
  imageExists(reference: string): boolean;
  /** Starts a declared service, and resolves when it is ready. */
  run(service: Stored, cloud: Cloud): Promise<void>;
  stop(service: Stored): Promise<void>;
  /** Runs a job's container until it exits. */
  execute(
    job: Stored,
    args: readonly string[],
    name: string,
    cloud: Cloud,
  ): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }>;
}

/** The state of the fake Google: the existing resources and the failures to inject. */
export class Cloud {
  readonly projects: Project[] = [];
  readonly resources = new Map<string, Stored>();
  /**
   * Enabled APIs, as `PROJECT/API`, and when they were enabled, by {@link now}. They are never
   * disabled.
   */
  readonly enabled = new Map<string, number>();
  /** Milliseconds until a newly enabled API responds. */
  apiDelay = 0;
  /** Secrets by full name, and the values of their versions by the full name of each. */
  readonly secrets = new Set<string>();
  readonly secretVersions = new Map<string, { value: string; enabled: boolean }>();
  /** Images in registries, by `ADDRESS@sha256:...` and by tag. */
  readonly images = new Map<string, string>();
  /** Private keys of Cloud KMS as PEM, by the full name of a key version. */
  readonly signingKeys = new Map<string, string>();
  /** Attestations as Container Analysis stores them. */
  readonly occurrences: Occurrence[] = [];
  /** Executions of jobs, by name. */
  readonly executions = new Map<string, Execution>();
  /** Digests of really built images, by tag. */
  readonly built = new Map<string, string>();
  /** Deleted resources that Google keeps for a while, by id. */
  readonly deleted = new Map<string, Stored & { readonly since: number }>();
  /** When Cloud Run releases a subnetwork that a service used, by id. */
  readonly heldSubnetworks = new Map<string, number>();
  readonly faults: Fault[] = [];
  /** Functions that end the current delays. */
  readonly delays = new Set<() => void>();
  readonly calls: string[] = [];
  /** Base URL of the REST APIs, with a trailing slash. */
  restUrl = '';
  machinery: Machinery | undefined;
  /** Milliseconds until a grant on a secret takes effect. */
  grantDelay = 0;
  /** Opens a port on which all requests are from one member. */
  listenAs: ListenAs | undefined;
  #ahead = 0;
  #caller: string | undefined;

  /**
   * Returns the caller as an IAM member, e.g. `serviceAccount:...`. Undefined means the owner of
   * the project.
   */
  get caller(): string | undefined {
    return callerOfPort() ?? this.#caller;
  }

  /** Sets the caller on the first port. */
  set caller(member: string | undefined) {
    this.#caller = member;
  }

  /** Returns Google's current time in milliseconds. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Advances Google's time. */
  pass(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  project(name: string): Project {
    const found = this.projects.find(({ id, number }) => id === name || number === name);
    if (found === undefined)
      throw new GoogleError(403, `The caller does not have permission on project ${name}, or it may not exist.`);
    return found;
  }

  /** Enables an API, as `PROJECT/API`. */
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

  /**
   * Adds a version to a secret, and creates the secret if it is missing.
   *
   * @returns the number of the version
   */
  addSecretVersion(secret: string, value: string): number {
    this.secrets.add(secret);
    const number = [...this.secretVersions.keys()].filter((name) => name.startsWith(`${secret}/`)).length + 1;
    this.secretVersions.set(`${secret}/versions/${number}`, { value, enabled: true });
    return number;
  }

  /** Returns the resources of a type. */
  of(type: string): Stored[] {
    return [...this.resources.values()].filter((each) => each.type === type);
  }

  /**
   * Restores a deleted resource.
   *
   * @throws {GoogleError} if Google does not keep it
   */
  undelete(id: string): void {
    const kept = this.deleted.get(id);
    if (kept === undefined) throw new GoogleError(404, `Requested entity was not found: ${id}`);
    this.deleted.delete(id);
    this.resources.set(id, kept);
  }

  /** Returns the fault for a call, and counts it. @param id undefined before the resource exists */
  takeFault(type: string, operation: Fault['operation'], id?: string): Fault | undefined {
    const fault = this.faults.find(
      (each) =>
        each.type === type &&
        each.operation === operation &&
        each.times > 0 &&
        (each.id === undefined || each.id === id),
    );
    if (fault) fault.times--;
    return fault;
  }
}
