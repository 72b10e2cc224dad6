import * as z from 'zod/mini';
import { recordFiles } from '../record-files.ts';

const login = z.object({
  /** The name of the key. */
  name: z.string(),
  /** The first 8 characters of the key. */
  start: z.string(),
  /**
   * The user to whom the key belongs. Undefined after a device login, which does not return the user,
   * and in files of older versions.
   */
  user_id: z.optional(z.string()),
  /** Time at which the key expires (RFC 3339). */
  expires_at: z.string(),
  /** Where the key is stored: the program of the keychain, or `file` if it is in `api_key`. */
  storage: z.enum(['secret-tool', 'security', 'file']),
  api_key: z.optional(z.string()),
});

/** A login: the key that `andamio login` created for a service. */
export type Login = z.infer<typeof login>;

/** The files of the logins. */
export const logins = recordFiles('logins', login);
