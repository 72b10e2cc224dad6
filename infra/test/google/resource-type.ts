import type { Cloud, Stored } from './cloud.ts';
import type { GoogleError } from './error.ts';

export type Properties = Record<string, unknown>;

/**
 * The behavior of a resource type, as far as the typings and Google's API description do not define
 * it.
 */
export interface ResourceType {
  /** The API that must be enabled in the project, such as `run.googleapis.com`. */
  readonly api?: string;
  /**
   * The schema that describes the resource in Google's API description: the API and the schema's
   * name, such as `['iam-v1', 'Role']`.
   */
  readonly message?: readonly [api: string, message: string];
  /**
   * Google's names for arguments that Pulumi names differently, such as `traffic` for `traffics`.
   */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Fields that Google's API description marks as required, although its text says that they are
   * required only in one case.
   */
  readonly optional?: readonly string[];
  /**
   * Arguments whose change replaces the resource, in addition to the message's immutable fields.
   */
  readonly replacedBy: readonly string[];
  /**
   * Properties that Google adds to an argument, as ARGUMENT.PROPERTY. A difference in such a
   * property is not a change, unless the program sets the property.
   */
  readonly computed?: readonly string[];
  /**
   * Returns the resource's id in the real provider's format. Creating a resource with an existing
   * id fails with 409.
   */
  id(inputs: Properties, cloud: Cloud): string;
  /** Arguments whose value is a JSON document. */
  readonly documents?: readonly string[];
  /** The retention of a deleted resource. */
  readonly keeps?: {
    readonly seconds: number;
    /**
     * Called when a resource is created while Google still keeps a deleted resource with the same
     * id. Returns the error with which Google rejects the creation, or undefined if the creation
     * restores the deleted resource.
     */
    refusal(id: string, secondsLeft: number): GoogleError | undefined;
  };
  /**
   * Returns the error of a create if a resource with the same id exists. By default, Google responds
   * with 409.
   */
  conflict?(inputs: Properties): Error;
  /** True if creating an existing resource succeeds, as it does for members of an IAM policy. */
  readonly idempotent?: boolean;
  /** Returns the errors that Google or the real provider reports at preview. */
  check?(inputs: Properties): string[];
  /**
   * Validates the arguments as Google does when a resource is created or updated.
   *
   * @throws {GoogleError} if Google would reject them
   */
  admit?(inputs: Properties, cloud: Cloud, before: Stored | undefined): void;
  /** Returns the output properties, which Google sets. */
  outputs?(inputs: Properties, cloud: Cloud, before: Stored | undefined, id: string): Properties;
  /**
   * Returns the reason why the provider refuses to delete the resource, or undefined if it can be
   * deleted.
   */
  protectedBy?(outputs: Properties): string | undefined;
  /**
   * Returns the reason why Google currently refuses to delete the resource, or undefined if it can
   * be deleted.
   */
  refusesDelete?(stored: Stored, cloud: Cloud): string | undefined;
  /** Applies the side effects that deleting the resource has on other resources. */
  afterDelete?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /**
   * Reports a change that the arguments do not show. The real provider compares such properties of
   * the state with what it finds on the machine.
   */
  differs?(olds: Properties, news: Properties): boolean;
  /** Waits for work that must finish before the resource is created or updated. */
  prepare?(inputs: Properties, cloud: Cloud): Promise<void>;
  afterWrite?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /**
   * Reports whether deleting the resource only removes it from the state, so that Google keeps it.
   */
  abandons?(outputs: Properties): boolean;
}
