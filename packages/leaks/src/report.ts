import { keysInText, maskKey } from '@andamio/schema/key-format';
import { printable, printableJson } from '@andamio/schema/printable';
import type { FoundKey } from './find-keys.ts';

/** A key found in the content or the name of a file. */
export type Match = FoundKey | { readonly key: string; readonly offset?: never };

/** An output format for found keys and read errors. */
export interface Report {
  match(path: string, found: Match): void;
  /**
   * Reports a file that could not be read.
   *
   * @param code the system error code, such as `EACCES`.
   */
  failure(path: string, code: string): void;
}

type Write = (line: string) => void;

function withoutKeys(path: string): string {
  let masked = path;
  for (const { key, index } of keysInText(path)) {
    masked = masked.slice(0, index) + maskKey(key) + masked.slice(index + key.length);
  }
  return masked;
}

/** Returns a path as it is printed: with masked keys, and without unprintable characters. */
const shown = (path: string): string => printable(withoutKeys(path));

/**
 * Creates a report with one line for each key: `path:line:column:` and the masked key. Editors and
 * terminals can open such locations.
 */
export function textReport(out: Write, err: Write): Report {
  return {
    match(path, found) {
      if (found.offset === undefined) out(`${shown(path)}: ${maskKey(found.key)} (in the name)`);
      else out(`${shown(path)}:${found.line}:${found.column}: ${maskKey(found.key)}`);
    },
    failure: (path, code) => err(`${shown(path)}: could not be read (${code})`),
  };
}

/** Creates a report with one JSON object per line. */
export function jsonReport(out: Write): Report {
  return {
    match: (path, { key, ...place }) =>
      out(printableJson({ path: withoutKeys(path), ...place, key: maskKey(key) })),
    failure: (path, code) => out(printableJson({ path: withoutKeys(path), error: code })),
  };
}
