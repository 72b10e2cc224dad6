import { appendFileSync } from 'node:fs';

/**
 * A report of the rehearsal. It writes the commands' output to a log file, and prints one line per
 * step to standard output.
 */
export class Report {
  readonly #log: string;
  readonly #begun = performance.now();

  constructor(log: string) {
    this.#log = log;
    process.stdout.write(`${'seconds'.padStart(8)}  step\n`);
  }

  /**
   * Returns a function that writes a command's output to the log file, with a prefix on each line.
   *
   * @param track the prefix, which tells apart the tracks that run at the same time
   * @returns a function that accepts text in chunks. Without an argument, it writes the last line
   * even if the line is unfinished.
   */
  writer(track: string): (chunk?: string) => void {
    let rest = '';
    return (chunk) => {
      const lines = `${rest}${chunk ?? (rest && '\n')}`.split('\n');
      rest = lines.pop() as string;
      appendFileSync(this.#log, lines.map((line) => `${track.padEnd(7)} | ${line}\n`).join(''));
    };
  }

  /** Runs a step and prints its duration in seconds. */
  async step<Result>(track: string, title: string, work: () => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    this.writer(track)(`== ${title}\n`);
    try {
      const result = await work();
      this.#print(begun, `${track.padEnd(7)} ${title}`);
      return result;
    } catch (error) {
      this.#print(begun, `${track.padEnd(7)} ${title}: FAILED`);
      throw error;
    }
  }

  total(): void {
    this.#print(this.#begun, 'total');
  }

  #print(begun: number, text: string): void {
    const seconds = (performance.now() - begun) / 1000;
    process.stdout.write(`${seconds.toFixed(1).padStart(8)}  ${text}\n`);
  }
}
