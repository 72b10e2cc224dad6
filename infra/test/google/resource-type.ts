import type { Cloud, Stored } from './cloud.ts';
import type { GoogleError } from './error.ts';

export type Properties = Record<string, unknown>;

/** What the fake Google knows of a resource type beyond the typings and Google's description. */
export interface ResourceType {
  /** The API that must be enabled in the project, e.g. `run.googleapis.com`. */
  readonly api?: string;
  /** Google's description of it: API and message. */
  readonly message?: readonly [api: string, message: string];
  /** Arguments that Google calls something else, e.g. `traffics` for `traffic`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Fields that the description calls required where it means a case that its prose tells. */
  readonly optional?: readonly string[];
  /** Arguments that cannot change: another value replaces the resource. Immutable fields of the message are so without this. */
  readonly replacedBy: readonly string[];
  /** Properties within arguments that Google adds, as ARGUMENT.PROPERTY: no change where they were not given. */
  readonly computed?: readonly string[];
  /** The id that the real provider gives it: what exists under it already is a 409. */
  id(inputs: Properties, cloud: Cloud): string;
  /** Arguments that hold a JSON document. */
  readonly documents?: readonly string[];
  /** How long Google keeps it after a delete, and what becomes of a create under its id meanwhile. */
  readonly keeps?: {
    readonly seconds: number;
    /** Returns what the create is refused with; undefined where it takes the kept resource back. */
    refusal(id: string, secondsLeft: number): GoogleError | undefined;
  };
  /** Creating what is there already is no conflict, as with members of a policy. */
  readonly idempotent?: boolean;
  /** What Google or the real provider refuse at preview. */
  check?(inputs: Properties): string[];
  /** What Google refuses when asked. @throws GoogleError */
  admit?(inputs: Properties, cloud: Cloud, before: Stored | undefined): void;
  /** What Google adds. */
  outputs?(inputs: Properties, cloud: Cloud, before: Stored | undefined, id: string): Properties;
  /** Why it cannot be deleted now. */
  protectedBy?(outputs: Properties): string | undefined;
  /** Why Google refuses to delete it now. */
  refusesDelete?(stored: Stored, cloud: Cloud): string | undefined;
  /** What deleting leaves behind or takes along. */
  afterDelete?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /** What takes its time before the resource exists. */
  prepare?(inputs: Properties, cloud: Cloud): Promise<void>;
  afterWrite?(stored: Stored, cloud: Cloud): Promise<void> | void;
  /** Deleting the resource leaves the thing where it is. */
  abandons?(outputs: Properties): boolean;
}
