import type { Tier } from '@andamio/schema/tiers';
import { ownEntry } from './audit.ts';
import { applyTierClaim } from './claim-tier.ts';
import { deleteAfterOf, expiryOf, isRemoved, isTooLate } from './expiry.ts';
import {
  type IdempotencyScope,
  type IdempotentRequest,
  idempotentRequest,
  type Replay,
  type ReplayRefusal,
} from './idempotency.ts';
import type {
  Change,
  Decision,
  KeyRecord,
  OwnerRecord,
  OwnerScope,
  TierClaim,
  View,
} from './model.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import { decideReplay, savedAnswer } from './replay.ts';
import { type KeyMaking, newSecret } from './secret.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/**
 * A command to issue a key. `record.createdAt` is the current time. A command whose expiry is too
 * late to be stored is refused, unless it is a replay.
 */
export interface IssueCommand {
  readonly record: KeyRecord;
  readonly tierClaim: TierClaim;
  /** Returns the maximum number of unexpired keys for a tier, including this key. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Maximum number of days of a key's validity. If undefined, there is none. */
  readonly maximumDays?: number | undefined;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** The reasons for refusing to issue a key, in the order in which they are checked. */
export type IssueRefusal = 'suspended' | 'expiry_too_late' | 'name_taken' | 'key_limit_reached';

/**
 * The outcome of an {@link IssueCommand}. A suspended owner is refused even a replay. A replay is
 * answered before any other refusal is checked (contract, part C and "Safe retries").
 */
export type IssueOutcome = 'issued' | IssueRefusal | Replay | ReplayRefusal;

/** The fields of an {@link IssueCommand} that determine whether it is refused. */
export type IssueCheck = Pick<IssueCommand, 'tierClaim' | 'maximumKeysOf' | 'maximumDays'> & {
  readonly record: Pick<KeyRecord, 'userId' | 'name' | 'createdAt' | 'expiresAt' | 'expiresInDays'>;
  readonly request?: IssueCommand['request'];
};

/** Returns the scope of issuing a key: the data that {@link decideIssue} reads. */
export function issueScope({ record, request }: IssueCheck): OwnerScope {
  const { userId, name, createdAt: now } = record;
  return { userId, names: [name], now, request, expectsNothing: true };
}

/**
 * Returns the reason for refusing a new key to an owner who is not suspended. Undefined if the key
 * may be issued.
 */
function ruleRefusal(
  view: View,
  { record, maximumKeysOf, maximumDays }: IssueCheck,
  owner: OwnerRecord,
) {
  if (isTooLate(record, maximumDays)) return 'expiry_too_late';
  const { named } = view.at(record.name);
  if (named !== undefined && !isRemoved(named, record.createdAt)) return 'name_taken';
  const maximum = maximumKeysOf(owner.tierClaim.tier);
  return view.countUnexpired() < maximum ? undefined : 'key_limit_reached';
}

/** Decides whether a key could be issued now. Stores the tier claim, but does not issue the key. */
export function decideIssuable(view: View, check: IssueCheck): Decision<'issuable' | IssueRefusal> {
  const { record, tierClaim } = check;
  const { userId, createdAt: now } = record;
  const { owner, claimed } = applyTierClaim(view.owner, { userId, tierClaim, now });
  const refusal = owner.suspended ? 'suspended' : ruleRefusal(view, check, owner);
  return { outcome: refusal ?? 'issuable', changes: claimed };
}

function refusalOf(view: View, command: IssueCommand, owner: OwnerRecord) {
  if (owner.suspended) return 'suspended';
  const { name, createdAt: now } = command.record;
  const replay = decideReplay(view, { name, now, request: command.request });
  return replay ?? ruleRefusal(view, command, owner);
}

/**
 * Decides whether a key is issued. The name must be free, and the owner must hold fewer keys than
 * the tier's maximum.
 */
export function decideIssue(view: View, command: IssueCommand): Decision<IssueOutcome> {
  const { record, tierClaim, request } = command;
  const { id: keyId, userId, name, createdAt: now } = record;
  const { owner, claimed } = applyTierClaim(view.owner, { userId, tierClaim, now });
  const refusal = refusalOf(view, command, owner);
  if (refusal !== undefined) return { outcome: refusal, changes: claimed };

  const entry = ownEntry('key.issued', { at: now, userId, name, keyId });
  const changes: Change[] = [...claimed, { type: 'put_secret', secret: 'current', record }];
  // A removed key may still be stored under the name, with its previous secret.
  if (view.at(name).previousId !== undefined)
    changes.push({ type: 'remove_secret', secret: 'previous', name });
  if (owner.createdAt === undefined)
    changes.push({ type: 'put_owner', owner: { ...owner, createdAt: now } });
  changes.push(...savedAnswer(request, now, record), { type: 'append_audit_entry', entry });
  return { outcome: 'issued', changes };
}

/**
 * The fields of a key that an answer contains in addition to the key itself. Times are Unix
 * seconds.
 */
export type KeyFacts = Pick<KeyRecord, 'name' | 'createdAt' | 'expiresAt' | 'expiresInDays'>;

/** A new key: its fields, and its plaintext, which is never stored. */
export interface NewKey {
  readonly key: string;
  readonly facts: KeyFacts;
}

/** The dependencies of operations that create keys. */
export interface IssueKeyDependencies extends KeyDependencies, KeyMaking {}

/** The validated input of a request for a key. */
export interface IssueInput {
  readonly name: string;
  readonly expiresInDays: number;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Issues a key to an owner. The name must be unique among the owner's keys, and the tier sets the
 * maximum number of keys. A repeated request returns the same key.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export const issueKey = (
  dependencies: IssueKeyDependencies,
  owner: Owner,
  input: IssueInput,
): Promise<NewKey | IssueRefusal | ReplayRefusal> =>
  issueKeyBy<never>(dependencies, owner, input, 'request', (command) =>
    dependencies.store.transact(issueScope(command), (view) => decideIssue(view, command)),
  );

/**
 * Issues a key as {@link issueKey} does, for another operation or under further conditions.
 *
 * @param operation the operation to which `idempotencyKey` belongs.
 * @param put stores the key. It may also refuse for reasons of its own.
 * @throws the same errors as `put`.
 */
export async function issueKeyBy<Refusal extends string>(
  dependencies: Omit<IssueKeyDependencies, 'store'>,
  owner: Owner,
  { name, expiresInDays, idempotencyKey }: IssueInput,
  operation: IdempotencyScope['operation'],
  put: (command: IssueCommand) => Promise<IssueOutcome | Refusal>,
): Promise<NewKey | IssueRefusal | ReplayRefusal | Refusal> {
  const { deriveKey, now, maximumDays } = dependencies;
  const createdAt = Math.floor(now() / 1000);
  const expiresAt = expiryOf(createdAt, expiresInDays);
  const deleteAfter = deleteAfterOf(expiresAt);
  const { userId } = owner;
  const request = idempotentRequest({ userId, operation, idempotencyKey }, [name, expiresInDays]);
  const { key, secret } = newSecret(dependencies, request);
  const record = { ...secret, userId, name, createdAt, expiresAt, expiresInDays, deleteAfter };
  const command = { record, tierClaim: tierClaimOf(owner), maximumKeysOf, maximumDays, request };
  const outcome = await put(command);
  if (outcome === 'issued') return { key, facts: record };
  if (typeof outcome === 'string') return outcome;
  const { replayed } = outcome;
  return { key: deriveKey(replayed.request, replayed.record), facts: { ...replayed.record, name } };
}
