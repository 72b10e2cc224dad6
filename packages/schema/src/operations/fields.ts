import * as z from 'zod';

/**
 * Minimum and maximum length of a key's name in Unicode code points, the unit in which JSON Schema
 * also measures length (contract, part C).
 */
export const nameLength = { minimum: 3, maximum: 100 } as const;

/** Matches a control character: Unicode category Cc (contract, part C). */
const controlCharacter = /\p{Cc}/u;

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Returns the schema of a key's name with at most the given number of code points. Names are
 * compared by code point and never trimmed.
 */
export const keyName = (maximum: number) =>
  z
    .string({ error: 'must be a string' })
    .refine((name) => name.isWellFormed(), {
      error: 'must not contain a lone surrogate',
      abort: true,
    })
    .refine((name) => !controlCharacter.test(name), {
      error: 'must not contain a control character',
      abort: true,
    })
    .refine(
      (name) => {
        const length = codePoints(name);
        return length >= nameLength.minimum && length <= maximum;
      },
      {
        error: `must be ${nameLength.minimum} to ${maximum} characters long (Unicode code points)`,
      },
    )
    .meta({
      description:
        'The name of the key. Must be unique among your keys and must not contain control characters.',
      minLength: nameLength.minimum,
      maxLength: maximum,
      examples: ['MyFirstKey'],
    });

/** The name of a key. */
export const apiKeyName = keyName(nameLength.maximum);

/** The name of a key that the user has. */
export const existingKeyName = apiKeyName.meta({ description: 'The name of one of your keys.' });

/**
 * An integer in the mathematical sense: 30.0 is an integer, 30.5 is not (contract, part C). Zod's
 * own `int` rejects integers beyond 2^53 and would publish this limit in the OpenAPI document.
 */
export const integer = z
  .number({ error: 'must be an integer' })
  .refine(Number.isInteger, { error: 'must be an integer', abort: true })
  .meta({ override: { type: 'integer' } });

export const expiresInDays = integer
  .refine((days) => days >= 1, { error: 'must be at least 1' })
  .meta({ override: { type: 'integer' }, minimum: 1, examples: [365] });

/** An RFC 3339 timestamp in UTC with whole seconds. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** Reports whether text is an RFC 3339 full-date that exists in the calendar. */
function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = Date.parse(text);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** A date in UTC. */
export const calendarDate = z
  .string({ error: 'must be a string' })
  .refine(isCalendarDate, {
    error: 'must be a date of the calendar, such as 2023-01-31',
    abort: true,
  })
  .meta({ format: 'date', examples: ['2023-01-31'] });

/**
 * The fields that describe a key in every response that contains a key. The key itself is not among
 * these fields (contract, part A).
 */
export const keyFields = {
  created_at: timestamp.meta({ description: 'Time at which the key was issued (RFC 3339, UTC).' }),
  expires_at: timestamp.meta({ description: 'Time at which the key expires (RFC 3339, UTC).' }),
  expires_in_days: integer.meta({
    description: 'The validity of the key in days, as last requested.',
  }),
  is_active: z.boolean().meta({ description: 'True until the key expires.' }),
  name: z.string().meta({ description: 'The name of the key.' }),
} as const;
