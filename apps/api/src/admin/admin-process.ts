import type { Readable, Writable } from 'node:stream';
import type { Environment } from '@andamio/schema/settings';

/** The parts of Node's `process` that commands use. `admin.js` passes its own process. */
export interface AdminProcess {
  readonly env: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}
