import { isKey, leakedKeyPattern } from '@andamio/schema/key-format';

/** A key that stands in text, and the characters before it. */
export interface KeyInText {
  readonly key: string;
  readonly index: number;
}

/** Finds the keys in text, in order. */
export function* keysInText(text: string): Generator<KeyInText> {
  const pattern = leakedKeyPattern();
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { 0: key, index } = match;
    if (isKey(key)) yield { key, index };
    pattern.lastIndex = index + 1; // What looks like a key may end in the `ant` of another.
  }
}
