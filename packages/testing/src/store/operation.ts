import { type IdempotentRequest, idempotentRequest } from '@andamio/keys/idempotency';
import type { Decision, KeyRecord, TierClaim } from '@andamio/keys/model';
import type { KeyStore } from '@andamio/keys/store';
import type fc from 'fast-check';
import type { FirestoreCost } from '../firestore-counter.ts';
import type { Model } from './model.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** A step of a random sequence of commands. */
export interface Step {
  readonly userId: string;
  readonly name: string;
  /** Time of the step in Unix seconds. */
  readonly now: number;
  readonly tierClaim: TierClaim;
  readonly idempotencyKey: string | undefined;
  /** Whether the step uses the second-newest key id of the name, instead of the newest. */
  readonly isPrevious: boolean;
}

/** A decision that succeeds, with the changes and the audit entry that it must contain. */
export interface ExpectedDecision {
  readonly decide: () => Decision<unknown>;
  /** The changes before the audit entry, such as `put current` or `put_owner`. */
  readonly changes: readonly string[];
  readonly action: string;
}

/**
 * An operation that changes keys or owners, with everything that the tests of all stores need to
 * know about it. {@link operations} lists these objects.
 */
export interface StoreOperation<Command, Outcome, Random extends object = object> {
  /** Runs the operation on a store, as the service does. */
  run(store: Pick<KeyStore, 'transact'>, command: Command): Promise<Outcome>;

  /** Defines the contract tests of the operation. */
  describeContract(kind: string, create: () => StoreUnderTest): void;

  /** The operation's expected decisions, by title. */
  readonly decisions: Readonly<Record<string, ExpectedDecision>>;

  /** The cost in Firestore of the command, for an owner whose only key is `record`. */
  readonly cost: FirestoreCost & { command(record: KeyRecord): Command };

  /** The random values that the operation's commands need in addition to a {@link Step}. */
  readonly random: { readonly [Name in keyof Random]: fc.Arbitrary<Random[Name]> };

  /** Creates the command of a random step. */
  commandOf(step: Step & Random, model: Model): Command;

  /** Applies a command to the model, by rules that are independent of the decision. */
  model(model: Model, command: Command): Outcome;
}

/** Returns the fields of a command about one key. */
export function keyCommandOf({ userId, name, now, tierClaim }: Step) {
  return { userId, name, now, tierClaim };
}

/**
 * Returns the request of a step, if the step has an `Idempotency-Key`.
 *
 * @param detail the value in the request's body, in addition to the name.
 */
export function requestOf(
  { userId, name, idempotencyKey }: Step,
  operation: IdempotentRequest['operation'],
  detail: number | undefined,
): IdempotentRequest | undefined {
  return idempotentRequest({ userId, operation, idempotencyKey }, [name, detail ?? null]);
}

/** Returns the key id that a step uses. Returns undefined if the name has had no such key id. */
export function keyIdOf(
  { userId, name, isPrevious }: Step,
  model: Model,
): KeyRecord['id'] | undefined {
  return model.idsOf(userId, name).at(isPrevious ? -2 : -1);
}
