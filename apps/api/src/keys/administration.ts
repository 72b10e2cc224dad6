import type { Actor } from './audit.ts';
import type { EndedKeys } from './store.ts';

/** One owner to be changed by somebody else. */
export interface OwnerCommand {
  readonly userId: string;
  readonly by: Actor;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** What became of a suspension: whether it is new, and the keys that nobody may be let in by any more. */
export interface Suspension extends EndedKeys {
  readonly changed: boolean;
}

/** What is done to owners and their keys by others than the owner. Each change is in the audit log, or was not made. */
export interface Administration {
  /**
   * Has all keys of an owner refused, and its requests for keys, until it is resumed: exactly, however many processes change the
   * same owner's keys at once. One that has held no key yet is suspended as well.
   */
  suspend(command: OwnerCommand): Promise<Suspension>;

  /** Ends a suspension; says whether there was one. */
  resume(command: OwnerCommand): Promise<boolean>;
}
