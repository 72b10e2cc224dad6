/**
 * Returns text with escapes in place of characters that are invisible, that control a terminal, or
 * that change the direction of the text around them. Key names and user ids may contain such
 * characters. Unescaped, they could change how the sentence around them is read.
 */
export function printable(text: string): string {
  return text.replace(
    /\p{C}/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
