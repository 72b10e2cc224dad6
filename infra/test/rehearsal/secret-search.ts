import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds between scans of the running processes. */
const interval = 200;

/** The arguments and environment of a process. */
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
 * Records the arguments and environment of every process of the rehearsal. At the end, it searches
 * these records and the given files for secret values.
 */
export class SecretSearch {
  readonly #seen = new Map<string, Seen>();
  readonly #timer = setInterval(() => this.look(), interval);

  /**
   * Stops recording and searches for secret values.
   *
   * @returns one line for each process or file that contains a value
   */
  end(values: readonly string[], files: readonly string[]): string[] {
    clearInterval(this.#timer);
    const texts = [
      ...this.#seen.values(),
      ...files.map((where): Seen => ({ where, text: read(where) })),
    ];
    return texts
      .filter(({ text }) => values.some((value) => text.includes(value)))
      .map(({ where }) => where);
  }

  look(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
      const environment = read(`/proc/${pid}/environ`);
      if (command === '') continue;
      // The service and its job may have secrets in their environment, because Cloud Run passes
      // them there.
      const isGiven = /(^|\0)(K_SERVICE|CLOUD_RUN_JOB)=/.test(environment);
      const text = isGiven ? command : `${command}\0${environment}`;
      this.#seen.set(text, { where: `process ${command.slice(0, 200)}`, text });
    }
  }
}

/**
 * Returns all files in a folder and its subfolders. Symbolic links, such as node_modules, are not
 * followed.
 */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}
