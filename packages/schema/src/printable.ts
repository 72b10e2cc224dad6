const unprintable = /\p{C}/gu;

/**
 * Returns text with escapes in place of characters that are invisible, that control a terminal, or
 * that change the direction of the text around them. Key names, user ids and file names may contain
 * such characters. Unescaped, they could change how the sentence around them is read.
 */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/**
 * Returns a value as one line of JSON, with escapes in place of the same characters. The escapes
 * are those of JSON, so parsing the line returns the exact value.
 */
export function printableJson(value: unknown): string {
  const escaped = (character: string) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join('');
  return JSON.stringify(value).replace(unprintable, escaped);
}
