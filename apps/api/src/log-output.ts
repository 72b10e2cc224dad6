import { type DestinationStream, destination } from 'pino';

/**
 * Standard output, written once for all lines of a turn of the event loop: for a line by itself the system call costs more than all else. What
 * is left is written when the process exits; one that is killed loses the lines of its last turn.
 */
export function standardOutput(): DestinationStream & { flushSync(): void } {
  const output = destination({ dest: 1, sync: true });
  let lines = '';
  const flush = () => {
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
    flushSync: flush,
  };
}
