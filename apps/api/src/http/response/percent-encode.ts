/** Matches the reserved characters that `encodeURIComponent` leaves unencoded. */
const stillReserved = /[!'()*]/g;

/**
 * Percent-encodes every byte of UTF-8 text that is not an unreserved character (RFC 3986, sections
 * 2.1 and 2.3). The result consists of visible ASCII characters, so that it can be the value of a
 * header. `decodeURIComponent` and its counterparts in other languages decode it.
 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    stillReserved,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
