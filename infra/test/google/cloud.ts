import { deserialize, serialize } from 'node:v8';
import type { Occurrence } from './attestations.ts';
import { callerOfPort, type ListenAs } from './callers.ts';
import type { Backup } from './databases.ts';
import { GoogleError } from './error.ts';
import type { Execution } from './executions.ts';
import type { Properties } from './resource-type.ts';

export interface Stored {
  readonly type: string;
  readonly id: string;
  /** Creation time in milliseconds, as returned by {@link Cloud.now}. */
  readonly created: number;
  inputs: Properties;
  outputs: Properties;
}

export interface Project {
  readonly id: string;
  readonly number: string;
}

/** A fault to inject into an operation, with the number of times that it occurs. */
export interface Fault {
  readonly type: string;
  readonly operation: 'create' | 'update' | 'delete';
  /**
   * The effect of the fault:
   *
   * - `status`: Google rejects the request.
   * - `lost`: Google processes the request, but the response is lost.
   * - `unready`: the service is created or updated, but its revision does not start.
   * - `delay`: the request starts after the given time, or when the test calls `goOn`.
   */
  readonly kind: 'status' | 'lost' | 'unready' | 'delay';
  readonly status?: number;
  readonly message?: string;
  readonly milliseconds?: number;
  /** The only resource that the fault affects. By default, it affects all resources of the type. */
  readonly id?: string;
  times: number;
}

/**
 * The backend of a rehearsal, which really builds the declared images and runs the declared
 * services.
 */
export interface Machinery {
  /**
   * Builds and pushes an image.
   *
   * @returns the image's digest
   */
  build(tags: readonly string[]): Promise<string>;
  imageExists(reference: string): boolean;
  /** Deletes all images in a registry, which has the form `HOST/PROJECT/REPOSITORY`. */
  deleteImages(registry: string): Promise<void>;
  /** Copies all documents of a database to another one. Both are full names. */
  copyDatabase(source: string, target: string): Promise<void>;
  /** Starts a service and resolves when it is ready. */
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

/** The state of the fake Google: its resources, and the faults to inject. */
export class Cloud {
  readonly projects: Project[] = [];
  readonly resources = new Map<string, Stored>();
  /**
   * The time at which each API was enabled, as returned by {@link now}. Keys have the form
   * `PROJECT/API`. APIs are never disabled.
   */
  readonly enabled = new Map<string, number>();
  /** Period in milliseconds during which a newly enabled API is unavailable. */
  apiDelay = 0;
  /** Full names of all secrets. */
  readonly secrets = new Set<string>();
  readonly secretVersions = new Map<string, { value: string; enabled: boolean }>();
  /** Project ids of the buckets that gcloud created, by the bucket's name, which is global. */
  readonly buckets = new Map<string, string>();
  /** Contents of JSON files in buckets, by `BUCKET/NAME`. */
  readonly objects = new Map<string, unknown>();
  /** Digests of the images in registries, by `ADDRESS@sha256:...` and by tag. */
  readonly images = new Map<string, string>();
  /** Private keys of Cloud KMS in PEM format, by the full name of the key version. */
  readonly signingKeys = new Map<string, string>();
  /** Attestations in Container Analysis. */
  readonly occurrences: Occurrence[] = [];
  /** Backups of databases, oldest first. */
  readonly backups: Backup[] = [];
  /** Job executions, by name. */
  readonly executions = new Map<string, Execution>();
  /** Digests of the images that the rehearsal has built and pushed, by tag. */
  readonly built = new Map<string, string>();
  /** Deleted resources that Google still keeps, by id. */
  readonly deleted = new Map<string, Stored & { readonly since: number }>();
  /**
   * The times at which Cloud Run releases the subnetworks of deleted services, by subnetwork id.
   */
  readonly heldSubnetworks = new Map<string, number>();
  readonly faults: Fault[] = [];
  /** Functions that end the delay of a waiting call. */
  readonly delays = new Set<() => void>();
  readonly calls: string[] = [];
  /** Base URL of the REST APIs, with a trailing slash. */
  restUrl = '';
  machinery: Machinery | undefined;
  /** Milliseconds until a grant on a secret takes effect. */
  grantDelay = 0;
  /** Opens a port. The given member is the caller of all requests on that port. */
  listenAs: ListenAs | undefined;
  #ahead = 0;
  #caller: string | undefined;

  /**
   * The caller of the current request as an IAM member, such as `serviceAccount:...`. Undefined
   * means the project's owner.
   */
  get caller(): string | undefined {
    return callerOfPort() ?? this.#caller;
  }

  /** Sets the caller of requests on the default port. */
  set caller(member: string | undefined) {
    this.#caller = member;
  }

  /**
   * Returns the whole state, for {@link load}. Addresses, the machinery and waiting calls belong to
   * the process and are not included.
   */
  save(): Buffer {
    const { restUrl, machinery, listenAs, delays, ...state } = this;
    return serialize({ state, ahead: this.#ahead, caller: this.#caller });
  }

  /** Replaces the state with a saved state. */
  load(saved: Uint8Array): void {
    const { state, ahead, caller } = deserialize(saved);
    Object.assign(this, state);
    this.#ahead = ahead;
    this.#caller = caller;
  }

  /** Returns the current time of Google's clock, in milliseconds. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Advances Google's clock. */
  pass(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  project(name: string): Project {
    const found = this.projects.find(({ id, number }) => id === name || number === name);
    if (found === undefined)
      throw new GoogleError(
        403,
        `The caller does not have permission on project ${name}, or it may not exist.`,
      );
    return found;
  }

  /**
   * Enables an API.
   *
   * @param name the API, in the form `PROJECT/API`
   */
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
   * Adds a version to a secret. Creates the secret if it does not exist.
   *
   * @returns the number of the version
   */
  addSecretVersion(secret: string, value: string): number {
    this.secrets.add(secret);
    const number =
      [...this.secretVersions.keys()].filter((name) => name.startsWith(`${secret}/`)).length + 1;
    this.secretVersions.set(`${secret}/versions/${number}`, { value, enabled: true });
    return number;
  }

  /** Returns all stored resources of a Pulumi type. */
  of(type: string): Stored[] {
    return [...this.resources.values()].filter((each) => each.type === type);
  }

  /**
   * Restores a deleted resource.
   *
   * @throws {GoogleError} if Google no longer keeps the resource
   */
  undelete(id: string): void {
    const kept = this.deleted.get(id);
    if (kept === undefined) throw new GoogleError(404, `Requested entity was not found: ${id}`);
    this.deleted.delete(id);
    this.resources.set(id, kept);
  }

  /**
   * Returns the fault to inject into a call, and decrements its remaining count.
   *
   * @param id the resource's id, or undefined if the resource does not exist yet
   */
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
