import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { userCodeLength, userCodeLetters } from '@andamio/schema/user-code';
import { type Digester, idsOf } from '@andamio/verification/digest';

/** The codes of a device login. Neither is stored. */
export interface DeviceCodes {
  /** The code that the user types, without a dash. */
  readonly userCode: string;
  /**
   * The secret that the program exchanges for the key. It begins with the user code, so one read
   * finds the stored login by either code.
   */
  readonly deviceCode: string;
}

/** Number of random bytes that follow the user code in a device code. */
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

/**
 * Returns the user code at the beginning of a device code. Undefined if the text is not a device
 * code.
 */
export const userCodeOf = (deviceCode: string): string | undefined =>
  deviceCodePattern.exec(deviceCode)?.[1];

/**
 * Returns the possible ids of a device login: an HMAC of the user code under each pepper. A user
 * code is so short that a digest without a pepper could be reversed by trying all codes.
 */
export const deviceLoginIds = (digesters: readonly Digester[], userCode: string): string[] =>
  idsOf(digesters, `device-login/${userCode}`);

/** Returns the SHA-256 of a device code in hex. */
export const digestOfDeviceCode = (deviceCode: string): string =>
  createHash('sha256').update(deviceCode).digest('hex');

/** Reports whether two digests in hex are equal. Compares them in constant time. */
export const isSameDigest = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
