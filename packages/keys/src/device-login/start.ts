import type { Digester } from '@andamio/verification/digest';
import { expiryOf, isTooLate } from '../expiry.ts';
import type { KeyDependencies } from '../store.ts';
import { type DeviceCodes, deviceLoginIds, digestOfDeviceCode, newDeviceCodes } from './codes.ts';
import { decideStart } from './decide.ts';

/** The dependencies of operations on device logins. */
export interface DeviceLoginDependencies extends KeyDependencies {
  /** The digesters of all peppers. New device logins are stored under the first. */
  readonly digesters: readonly Digester[];
}

/** The validated input of a program that starts a login. */
export interface DeviceLoginInput {
  /** The name of the key, with its prefix. */
  readonly name: string;
  readonly expiresInDays: number;
  /** The network address of the program. */
  readonly address: string;
}

/**
 * Stores a device login under new codes.
 *
 * @throws the same errors as {@link KeyDependencies.store}.
 */
export async function startDeviceLogin(
  { store, now, digesters, maximumDays }: DeviceLoginDependencies,
  input: DeviceLoginInput,
): Promise<DeviceCodes | 'expiry_too_late'> {
  const createdAt = Math.floor(now() / 1000);
  const { expiresInDays } = input;
  const expiresAt = expiryOf(createdAt, expiresInDays);
  if (isTooLate({ expiresAt, expiresInDays }, maximumDays)) return 'expiry_too_late';
  for (;;) {
    const codes = newDeviceCodes();
    const ids = deviceLoginIds(digesters, codes.userCode);
    const login = {
      ...input,
      id: ids[0] as string,
      deviceCodeDigest: digestOfDeviceCode(codes.deviceCode),
      createdAt,
      userId: undefined,
      state: 'pending',
      tierClaim: undefined,
    } as const;
    const outcome = await store.transactDeviceLogin(ids, (found) => decideStart(found, login));
    if (outcome === 'started') return codes;
  }
}
