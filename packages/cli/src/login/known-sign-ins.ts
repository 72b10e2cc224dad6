import * as z from 'zod/mini';
import { recordFiles } from '../record-files.ts';

const knownSignIn = z.object({
  issuer: z.string(),
  client_id: z.string(),
  scope: z.string(),
  resource: z.nullable(z.string()),
  /** True if the client was given by `--client-id`. The service then cannot change it. */
  is_client_chosen: z.boolean(),
  /** The port that was given by `--port`. */
  port: z.optional(z.number()),
});

/** The settings of the user's last sign-in to a service on this machine. */
export type KnownSignIn = z.infer<typeof knownSignIn>;

/** The files of the sign-ins that the user trusts. */
export const knownSignIns = recordFiles('sign-ins', knownSignIn);
