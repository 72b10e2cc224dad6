import type { Writable } from 'node:stream';

/** An output stream whose failures do not end the process. */
export interface Output {
  /** Writes a text. Resolves when the text is written, or the stream has failed. */
  write(text: string): Promise<void>;
  /** The code of the first failure, such as `ENOSPC` for a full disk. */
  readonly failure: string | undefined;
}

/**
 * Creates an output, so that a failure to write does not crash a command whose change has been
 * made. EPIPE is not a failure: it means that the reader exited early (`| head`).
 */
export function createOutput(stream: Writable): Output {
  let failure: string | undefined;
  let hasEnded = false;
  // Without a listener, a failure would be an uncaught error. `write` handles it.
  stream.on('error', () => {});
  return {
    write(text) {
      if (hasEnded) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.write(text, (error) => {
        if (error && !hasEnded) {
          hasEnded = true;
          const { code = error.message } = error as NodeJS.ErrnoException;
          if (code !== 'EPIPE') failure = code;
        }
        resolve();
      });
      return promise;
    },
    get failure() {
      return failure;
    },
  };
}
