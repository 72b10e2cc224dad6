import { createInterface } from 'node:readline/promises';

/** Standard error and input, over which a command talks to the user. */
export interface Terminal {
  /** Whether the user can be asked. */
  readonly isTerminal: boolean;
  /** Writes lines to standard error. They must be {@link printable}. */
  note(...lines: readonly string[]): void;
  /** Asks a yes-or-no question. Anything other than `y` or `yes` means no. */
  isConfirmed(question: string): Promise<boolean>;
}

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  return {
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    note(...lines) {
      for (const line of lines) process.stderr.write(`${line}\n`);
    },
    async isConfirmed(question) {
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      try {
        // The end of the input and Ctrl+C close the interface without an answer.
        const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
        const answer = await Promise.race([prompt.question(`${question} [y/N] `), closed]);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        prompt.close();
      }
    },
  };
}
