import { createInterface } from 'node:readline/promises';

/** Standard input and standard error, through which a command communicates with the user. */
export interface Terminal {
  /** Whether the command can ask the user questions. */
  readonly isTerminal: boolean;
  /** Writes lines to standard error. The lines must be printable. */
  note(...lines: readonly string[]): void;
  /** Asks a yes-or-no question. Anything other than `y` or `yes` means no. */
  isConfirmed(question: string): Promise<boolean>;
  /** Resolves to true once the user presses Enter, and to false if the signal aborts first. */
  isEnterPressed(question: string, signal: AbortSignal): Promise<boolean>;
}

/**
 * Asks a question and returns the answer. Returns undefined if the input ends or the signal aborts.
 */
async function answerTo(question: string, signal?: AbortSignal): Promise<string | undefined> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // Without this listener, Ctrl+C would only close the interface. It must end the program, as
  // SIGINT does by default.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const closed = new Promise<undefined>((resolve) => {
      prompt.once('close', () => resolve(undefined));
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return await Promise.race([prompt.question(`${question} `), closed]);
  } finally {
    prompt.close();
  }
}

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  return {
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    note(...lines) {
      for (const line of lines) process.stderr.write(`${line}\n`);
    },
    isConfirmed: async (question) =>
      /^y(es)?$/i.test(((await answerTo(`${question} [y/N]`)) ?? '').trim()),
    isEnterPressed: async (question, signal) => (await answerTo(question, signal)) !== undefined,
  };
}
