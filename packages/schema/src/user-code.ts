/**
 * The letters of user codes (RFC 8628 section 6.1): no vowels, so that codes contain no words.
 * There are no digits, because some are easily confused with letters.
 */
export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ';

/** Number of letters in a user code. An alphabet of 20 letters yields 20^8 codes (34.6 bits). */
export const userCodeLength = 8;

/** Returns a user code as users see it, such as `WDJB-MJHT`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, userCodeLength / 2)}-${code.slice(userCodeLength / 2)}`;
}

/**
 * Parses a user code as people type it (RFC 8628 section 6.1): in any case, with or without dashes,
 * spaces and other punctuation.
 *
 * @returns the 8 letters, or undefined if the text is no user code
 */
export function parseUserCode(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  const isCode =
    code.length === userCodeLength && [...code].every((letter) => userCodeLetters.includes(letter));
  return isCode ? code : undefined;
}
