// Schemas for individual settings. All values in a stack's configuration are strings. Each error
// message states the rule.
import * as z from 'zod';

/** Returns a schema for a decimal integer between two bounds, both inclusive. */
export function integer(minimum: number, maximum: number) {
  const rule = `must be an integer from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: rule, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error: rule });
}

export const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true');

export function oneOf<const Words extends [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `must be one of: ${words.join(', ')}` });
}

function matching(pattern: RegExp, error: string) {
  return z.string().regex(pattern, { error });
}

/**
 * A project id. A project number is rejected: Google's APIs accept both but may return either, and
 * names derived from the setting would then differ between runs.
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects
 */
export const project = z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, {
  error: ({ input }) =>
    /^\d+$/.test(String(input))
      ? `must be the project id, not the project number. To print the id, run: gcloud projects describe ${input} --format='value(projectId)'`
      : 'must be the id of a Google Cloud project (6 to 30 characters of a-z, 0-9 and -), not its name',
});

/** A project number: https://cloud.google.com/resource-manager/docs/creating-managing-projects */
export const projectNumber = matching(
  /^[1-9]\d{5,19}$/,
  'must be the number of a Google Cloud project',
);

export const region = matching(/^[a-z]+-[a-z]+\d{1,2}$/, 'must be a region such as us-central1');

/**
 * A service name. Cloud Run allows 1 to 49 characters. Service account ids allow at most 30, and
 * the program appends suffixes such as `-run` to the name. Database names and instance ids of
 * Memorystore have at least 4, and the program uses the service's name for them.
 */
export const serviceName = matching(
  /^[a-z]([a-z0-9-]{2,21}[a-z0-9])$/,
  'must be 4 to 23 characters of a-z, 0-9 and -, starting with a letter',
);

export const databaseName = matching(
  /^[a-z][a-z0-9-]{2,61}[a-z0-9]$/,
  'must be 4 to 63 characters of a-z, 0-9 and -, starting with a letter',
);

/**
 * An image reference with a digest. A tag is not accepted because it could be moved to another
 * image.
 */
export const imageByDigest = matching(
  /^[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}$/,
  'must end with @sha256: and 64 hexadecimal digits, because a tag can be moved to another image',
);

export const revision = matching(
  /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/,
  'must be the name of a revision of the service',
);

export const email = z.email({ error: 'must be an e-mail address' });

export const billingAccount = matching(
  /^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/,
  'must have the form 0A1B2C-0A1B2C-0A1B2C',
);

export const bucket = matching(
  /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
  'must be the name of a bucket, without gs://',
);

/** A GitHub repository in the form OWNER/NAME. */
export const repository = matching(
  /^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/,
  'must have the form OWNER/NAME',
);
export const numericId = matching(/^[1-9]\d*$/, "must be the numeric id from GitHub's API");

/**
 * A GitHub environment. Its length is limited because it is the last part of the federation
 * subject, which can have at most 127 bytes.
 */
export const environment = matching(
  /^[a-z][a-z0-9-]{0,62}$/,
  'must be the name of a GitHub environment: 1 to 63 characters of a-z, 0-9 and -, starting with a letter',
);
