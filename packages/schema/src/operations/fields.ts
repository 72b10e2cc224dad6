import * as z from 'zod';

/** The bounds of a key's name in Unicode code points, as JSON Schema counts them (contract, part C). */
const nameLength = { minimum: 3, maximum: 100 } as const;

/** A control character: Unicode category Cc (contract, part C). */
const controlCharacter = /\p{Cc}/u;

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** A key's name: compared by code point and never trimmed. */
export const apiKeyName = z
  .string({ error: 'must be a string' })
  .refine((name) => name.isWellFormed(), { error: 'must not contain a lone surrogate', abort: true })
  .refine((name) => !controlCharacter.test(name), { error: 'must not contain a control character', abort: true })
  .refine(
    (name) => {
      const length = codePoints(name);
      return length >= nameLength.minimum && length <= nameLength.maximum;
    },
    { error: `must be ${nameLength.minimum} to ${nameLength.maximum} characters long (Unicode code points)` },
  )
  .meta({
    description: 'What you call the key. Unique among your keys; control characters are not allowed.',
    minLength: nameLength.minimum,
    maxLength: nameLength.maximum,
    examples: ['MyFirstKey'],
  });

/**
 * A mathematical integer, so that `30.0` is one and `30.5` is not (contract, part C). Zod's own `int` stops at 2^53 and
 * would publish that as a bound.
 */
export const integer = z
  .number({ error: 'must be an integer' })
  .refine(Number.isInteger, { error: 'must be an integer', abort: true })
  .meta({ override: { type: 'integer' } });

/** The validity of a key in days. */
export const expiresInDays = integer
  .refine((days) => days >= 1, { error: 'must be at least 1' })
  .meta({ override: { type: 'integer' }, minimum: 1, examples: [365] });

/** An instant: RFC 3339, UTC, whole seconds. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** A full date as RFC 3339 has it, of a day that the calendar has. */
function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = Date.parse(text);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** A UTC day. */
export const calendarDate = z
  .string({ error: 'must be a string' })
  .refine(isCalendarDate, { error: 'must be a date of the calendar, such as 2023-01-31', abort: true })
  .meta({ format: 'date', examples: ['2023-01-31'] });

/** What every answer says of a key beside the key itself (contract, part A). */
export const describedKey = {
  created_at: timestamp.meta({ description: 'When the key was issued (RFC 3339, UTC).' }),
  expires_at: timestamp.meta({ description: 'From when on the key is refused (RFC 3339, UTC).' }),
  expires_in_days: integer.meta({ description: 'The validity of the key in days, as it was asked for last.' }),
  is_active: z.boolean().meta({ description: 'Whether the key has not expired.' }),
  name: z.string().meta({ description: 'The api_key_name that was sent.' }),
} as const;
