import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds between scans of the processes. */
const interval = 200;

/** Arguments and environment of a process. */
interface Seen {
  readonly where: string;
  readonly text: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * A recorder of the arguments and environment of every process in the enclosure. It searches them
 * and files for secret values.
 */
export class SecretSearch {
  readonly #seen = new Map<string, Seen>();
  readonly #timer = setInterval(() => this.look(), interval);

  /** @returns one line for each place where a value was found */
  end(values: readonly string[], files: readonly string[]): string[] {
    clearInterval(this.#timer);
    const texts = [...this.#seen.values(), ...files.map((where): Seen => ({ where, text: read(where) }))];
    return texts.filter(({ text }) => values.some((value) => text.includes(value))).map(({ where }) => where);
  }

  /** Records the processes that currently run. */
  look(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
      const environment = read(`/proc/${pid}/environ`);
      if (command === '') continue;
      // Cloud Run passes secrets to the service and its job only in the environment.
      const isGiven = /(^|\0)(K_SERVICE|CLOUD_RUN_JOB)=/.test(environment);
      const text = isGiven ? command : `${command}\0${environment}`;
      this.#seen.set(text, { where: `process ${command.slice(0, 200)}`, text });
    }
  }
}

/** Returns the files in a folder and its subfolders. Does not follow links, such as node_modules. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}
