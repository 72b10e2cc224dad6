import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds between two looks at the processes. */
const interval = 200;

/** What a process was started with. */
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
 * Watches arguments and environment of every process in the enclosure, and searches them and files for values that must not be
 * there.
 */
export class SecretSearch {
  readonly #seen = new Map<string, Seen>();
  readonly #timer = setInterval(() => this.look(), interval);

  /** @returns where a value was found, one line each */
  end(values: readonly string[], files: readonly string[]): string[] {
    clearInterval(this.#timer);
    const texts = [...this.#seen.values(), ...files.map((where): Seen => ({ where, text: read(where) }))];
    return texts.filter(({ text }) => values.some((value) => text.includes(value))).map(({ where }) => where);
  }

  /** Looks at the processes that run now. */
  look(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
      const environment = read(`/proc/${pid}/environ`);
      if (command === '') continue;
      // The service and its job are given their secrets by Cloud Run, in the environment alone.
      const isGiven = /(^|\0)(K_SERVICE|CLOUD_RUN_JOB)=/.test(environment);
      const text = isGiven ? command : `${command}\0${environment}`;
      this.#seen.set(text, { where: `process ${command.slice(0, 200)}`, text });
    }
  }
}

/** Returns all files in a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
}
