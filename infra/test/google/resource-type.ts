import type { Cloud, Stored } from './cloud.ts';
import type { GoogleError } from './error.ts';

export type Properties = Record<string, unknown>;

/** The behavior of a resource type, beyond the typings and Google's description. */
export interface ResourceType {
  /** API that must be enabled in the project, e.g. `run.googleapis.com`. */
  readonly api?: string;
  /** API and message of Google's description. */
  readonly message?: readonly [api: string, message: string];
  /** Arguments that have another name at Google, e.g. `traffics` for `traffic`. */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Fields that the description marks as required although its prose restricts that to one case.
   */
  readonly optional?: readonly string[];
  /**
   * Arguments whose change replaces the resource. Immutable fields of the message are included by
   * default.
   */
  readonly replacedBy: readonly string[];
  /**
   * Properties that Google adds within arguments, as ARGUMENT.PROPERTY. If they were not given,
   * their difference is not a change.
   */
  readonly computed?: readonly string[];
  /**
   * Returns the id in the real provider's form. Creating a resource with an existing id is a 409.
   */
  id(inputs: Properties, cloud: Cloud): string;
  /** Arguments that contain a JSON document. */
  readonly documents?: readonly string[];
  /**
   * Retention of the resource after a delete, and the behavior of a create with the same id
   * meanwhile.
   */
  readonly keeps?: {
    readonly seconds: number;
    /** Returns the error of the create; undefined if the create restores the kept resource. */
    refusal(id: string, secondsLeft: number): GoogleError | undefined;
  };
  /** True if creating an existing resource is not a conflict, as with members of a policy. */
  readonly idempotent?: boolean;
  /** Returns the errors that Google or the real provider report at preview. */
  check?(inputs: Properties): string[];
  /**
   * Checks the arguments as Google does during the update.
   *
   * @throws {GoogleError} if Google rejects them
   */
  admit?(inputs: Properties, cloud: Cloud, before: Stored | undefined): void;
  /** Returns the properties that Google adds. */
  outputs?(inputs: Properties, cloud: Cloud, before: Stored | undefined, id: string): Properties;
  /**
   * Returns the reason why the provider does not delete the resource; undefined if it may be
   * deleted.
   */
  protectedBy?(outputs: Properties): string | undefined;
  /**
   * Returns the reason why Google does not delete the resource at present; undefined if it does.
   */
  refusesDelete?(stored: Stored, cloud: Cloud): string | undefined;
  /** Applies the side effects of a delete on other resources. */
  afterDelete?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /** Waits for work that precedes the resource's creation. */
  prepare?(inputs: Properties, cloud: Cloud): Promise<void>;
  afterWrite?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /** Reports whether deleting the resource leaves the underlying object in place. */
  abandons?(outputs: Properties): boolean;
}
