import type { DatabaseSync } from 'node:sqlite';
import type { DeviceLogin } from '@andamio/keys/device-login/model';
import * as z from 'zod';
import { deviceLoginFields, deviceLoginOf, storedDeviceLogin } from '../device-login.ts';
import { prepare } from './statement.ts';

const loginRow = z.object({
  id: z.string(),
  ...deviceLoginFields,
  created_at: z.number(),
  tier_issued_at: z.number().nullable(),
});

/** Prepares the statements for the table of device logins. */
export function deviceLoginTable(database: DatabaseSync) {
  const find = prepare(
    database,
    `
    SELECT device_logins.* FROM json_each(:ids) AS wanted
      JOIN device_logins ON device_logins.id = wanted.value LIMIT 1`,
  );
  const ofUser = prepare(database, 'SELECT * FROM device_logins WHERE user_id = :userId');
  const put = prepare(
    database,
    `
    INSERT OR REPLACE INTO device_logins (id, code_digest, name, expires_in_days, address, created_at, user_id, state,
      tier, tier_issued_at, remove_at)
    VALUES (:id, :code_digest, :name, :expires_in_days, :address, :created_at, :user_id, :state, :tier, :tier_issued_at,
      :remove_at)`,
  );
  const sweep = prepare(database, 'DELETE FROM device_logins WHERE remove_at <= :now');
  const parse = (row: unknown): DeviceLogin => {
    const { id, ...stored } = loginRow.parse(row);
    return deviceLoginOf(id, stored);
  };
  return {
    /** Finds a device login by its possible ids. */
    find(ids: readonly string[]): DeviceLogin | undefined {
      const row = find.get({ ids: JSON.stringify(ids) });
      return row === undefined ? undefined : parse(row);
    },
    /** Finds the device logins that a user has looked up. */
    ofUser: (userId: string): DeviceLogin[] => ofUser.all({ userId }).map(parse),
    put: (login: DeviceLogin) => put.run({ id: login.id, ...storedDeviceLogin(login) }),
    /** Deletes the device logins whose retention has passed. */
    sweep: (now: number) => sweep.run({ now }),
  };
}
