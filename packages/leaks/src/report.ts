import { keysInText, maskKey } from '@andamio/schema/key-format';
import type { FoundKey } from './find-keys.ts';

/** A key in the bytes of what a path names, or in the name itself. */
export type Finding = FoundKey | { readonly masked: string; readonly offset?: never };

/** How findings and failures are told. */
export interface Report {
  finding(path: string, found: Finding): void;
  /** @param code what the system says, such as `EACCES`. */
  failure(path: string, code: string): void;
}

type Write = (line: string) => void;

function withoutKeys(path: string): string {
  let shown = path;
  for (const { key, index } of keysInText(path)) {
    shown = shown.slice(0, index) + maskKey(key) + shown.slice(index + key.length);
  }
  return shown;
}

/** A path for a line: nothing in it ends the line or steers a terminal. */
function printable(path: string): string {
  return withoutKeys(path).replaceAll(/\p{Cc}/gu, (control) => `\\x${Buffer.from(control, 'latin1').toString('hex')}`);
}

/** Lines that an editor or terminal can jump to: `path:line:column: key`. */
export function textReport(out: Write, err: Write): Report {
  return {
    finding(path, found) {
      if (found.offset === undefined) out(`${printable(path)}: ${found.masked} (in the name)`);
      else out(`${printable(path)}:${found.line}:${found.column}: ${found.masked}`);
    },
    failure: (path, code) => err(`${printable(path)}: could not be read (${code})`),
  };
}

/** One JSON object a line. */
export function jsonReport(out: Write): Report {
  return {
    finding: (path, { masked, ...place }) => out(JSON.stringify({ path: withoutKeys(path), ...place, key: masked })),
    failure: (path, code) => out(JSON.stringify({ path: withoutKeys(path), error: code })),
  };
}
