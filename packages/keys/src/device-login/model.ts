import { deviceLoginSeconds } from '@andamio/schema/operations';
import type { AuditEntry } from '../audit.ts';
import type { TierClaim } from '../model.ts';

/** The states of a device login. It is `redeemed` once its key was issued. */
export const deviceLoginStates = ['pending', 'approved', 'denied', 'redeemed'] as const;

/** What a program asks for when it starts a device login. Times are Unix seconds. */
interface RequestedLogin {
  /** The HMAC of the user code in hex. */
  readonly id: string;
  /** The SHA-256 of the device code in hex. */
  readonly deviceCodeDigest: string;
  /** The name of the key, with its prefix. */
  readonly name: string;
  readonly expiresInDays: number;
  /** The network address of the program that started the login. */
  readonly address: string;
  readonly createdAt: number;
}

/** A device login that no user has decided yet. */
interface PendingLogin extends RequestedLogin {
  readonly state: 'pending';
  /** The user who looked the login up first, and who alone can decide it. */
  readonly userId: string | undefined;
  readonly tierClaim: undefined;
}

/** A device login that its user has approved. */
interface ApprovedLogin extends RequestedLogin {
  readonly state: 'approved' | 'redeemed';
  readonly userId: string;
  /** The tier of the user's token at the approval. */
  readonly tierClaim: TierClaim;
}

/** A device login that yields no key. */
interface DeniedLogin extends RequestedLogin {
  readonly state: 'denied';
  readonly userId: string | undefined;
  readonly tierClaim: TierClaim | undefined;
}

/** A device login as stored, without its codes. */
export type DeviceLogin = PendingLogin | ApprovedLogin | DeniedLogin;

/** Returns when a device login can no longer be decided, in Unix seconds. */
export const decidableUntil = ({ createdAt }: Pick<DeviceLogin, 'createdAt'>) =>
  createdAt + deviceLoginSeconds;

/**
 * Time, in seconds, for which an approved login still yields its key after the codes have expired.
 * A program whose login is approved in the last second still gets the key, and so does one that
 * lost the response.
 */
const redeemableLonger = 60;

/**
 * Returns when a device login no longer yields its key, in Unix seconds. It then counts as removed,
 * even if it is still stored.
 */
export const redeemableUntil = (login: Pick<DeviceLogin, 'createdAt'>) =>
  decidableUntil(login) + redeemableLonger;

/** An outcome, and the changes that belong to it. Either all changes are applied or none. */
export interface DeviceLoginDecision<Outcome> {
  readonly outcome: Outcome;
  /** The login to store. Omitted if nothing changes. */
  readonly login?: DeviceLogin;
  readonly entry?: AuditEntry;
}

/** The part of a store that contains device logins. */
export interface DeviceLoginStore {
  /** Finds a device login by its possible ids, one for each pepper, in one round trip. */
  findDeviceLogin(ids: readonly string[]): Promise<DeviceLogin | undefined>;

  /**
   * Finds the device logins that a user has looked up, in any state. They may include logins whose
   * retention has passed.
   */
  deviceLoginsOf(userId: string): Promise<readonly DeviceLogin[]>;

  /**
   * Runs a decision on the login with one of the ids, and applies the decision's changes
   * atomically, provided that the login has not changed meanwhile. The store may run the decision
   * again after its changes were applied. For the changed login, the decision must then return the
   * same outcome.
   *
   * @param decide a pure function, which may be called more than once.
   */
  transactDeviceLogin<Outcome>(
    ids: readonly string[],
    decide: (login: DeviceLogin | undefined) => DeviceLoginDecision<Outcome>,
  ): Promise<Outcome>;
}
