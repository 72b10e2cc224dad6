/**
 * Returns text in which characters that are invisible, that control a terminal, or that change the
 * direction of the text around them are written as escapes. Names of keys and user ids may contain
 * such characters, and could otherwise disguise the sentence that contains them.
 */
export function printable(text: string): string {
  return text.replace(
    /\p{C}/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
