import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { userCodeLength, userCodeLetters } from '@andamio/schema/user-code';
import { type Digester, idsOf } from '@andamio/verification/digest';

/** The codes of a device login. Neither is stored. */
export interface DeviceCodes {
  /** The code that people type, without a dash. */
  readonly userCode: string;
  /**
   * The secret with which the program gets the key. It begins with the user code, from which the
   * stored login is found, so one read serves both codes.
   */
  readonly deviceCode: string;
}

/** Number of random bytes in a device code, beside the user code. */
const secretBytes = 32;

const deviceCodePattern = new RegExp(`^([${userCodeLetters}]{${userCodeLength}})[\\w-]{43}$`);

/** Creates the codes of a device login. */
export function newDeviceCodes(): DeviceCodes {
  const letters = Array.from(
    { length: userCodeLength },
    () => userCodeLetters[randomInt(userCodeLetters.length)],
  );
  const userCode = letters.join('');
  return { userCode, deviceCode: userCode + randomBytes(secretBytes).toString('base64url') };
}

/** Returns the user code with which a device code begins. Undefined if it is no device code. */
export const userCodeOf = (deviceCode: string): string | undefined =>
  deviceCodePattern.exec(deviceCode)?.[1];

/**
 * Returns the possible ids of a device login: an HMAC of the user code under each pepper. A user
 * code is short. Without the pepper, a plain digest of it could be reversed by trying all codes.
 */
export const deviceLoginIds = (digesters: readonly Digester[], userCode: string): string[] =>
  idsOf(digesters, `device-login/${userCode}`);

/** Returns the SHA-256 of a device code in hex. */
export const digestOfDeviceCode = (deviceCode: string): string =>
  createHash('sha256').update(deviceCode).digest('hex');

/** Reports whether two digests in hex are equal, in the same time wherever they differ. */
export const isSameDigest = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
