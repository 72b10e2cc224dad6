import { fstatSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How many bytes of lines wait for an output that takes none (service contract, "Edges"). */
const mostWaiting = 8 * 1024 * 1024;
/** Milliseconds until the next attempt: at a pipe whose reader is behind, and at whatever else takes nothing. */
const pipePause = 10;
const failurePause = 1_000;
/** How long the end of the process waits for a reader that is behind, in milliseconds. */
const exitPatience = 200;

export interface LogOutputOptions {
  readonly fd: number;
  /** Told how many lines were dropped, once lines flow again. */
  readonly onDropped: (count: number) => void;
}

export interface LogOutput extends DestinationStream {
  /** Writes what waits, as far as the output takes it at once. */
  flushSync(): void;
}

/**
 * Makes sure that a write to a pipe that is full fails with EAGAIN, and does not stop the process until somebody reads. Node
 * does so for the pipes that its own streams write to; a file never has to be waited for.
 */
function neverBlock(fd: number): void {
  const kind = fstatSync(fd);
  if ((kind.isFIFO() || kind.isSocket()) && fd === 1) void process.stdout;
}

const sleep = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/**
 * Writes lines to a file descriptor, once for all lines of a turn of the event loop: for a line by itself the system call costs more
 * than all else. The process never waits for the output and never fails for it: lines wait in memory up to a bound, those beyond
 * it are dropped and counted. What is left is written when the process exits; one that is killed loses the lines of its last turn.
 */
export function createLogOutput({ fd, onDropped }: LogOutputOptions): LogOutput {
  /** The lines of this turn. */
  let lines = '';
  /** What earlier turns left, the oldest first, and its length. */
  const queue: Buffer[] = [];
  let waiting = 0;
  let dropped = 0;
  let closed = false;
  let scheduled = false;

  function schedule(pause: number): void {
    if (scheduled) return;
    scheduled = true;
    const task = () => {
      scheduled = false;
      flush();
    };
    if (pause === 0) setImmediate(task);
    else setTimeout(task, pause).unref();
  }

  function collect(): void {
    if (lines === '') return;
    const bytes = Buffer.from(lines);
    queue.push(bytes);
    waiting += bytes.length;
    lines = '';
  }

  /** Writes what the output takes. @returns the error code of what it does not take. */
  function writeWaiting(): string | undefined {
    collect();
    try {
      for (let [next] = queue; next !== undefined; [next] = queue) {
        const written = writeSync(fd, next);
        waiting -= written;
        if (written === next.length) queue.shift();
        else queue[0] = next.subarray(written);
      }
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  }

  function flush(): void {
    if (closed) return;
    const code = writeWaiting();
    if (code === 'EPIPE' || code === 'EBADF') {
      // Nobody will ever read.
      closed = true;
      queue.length = 0;
    } else if (code !== undefined) {
      schedule(code === 'EAGAIN' ? pipePause : failurePause);
    } else if (dropped > 0) {
      const count = dropped;
      dropped = 0;
      onDropped(count);
    }
  }

  function flushSync(): void {
    if (closed) return;
    const until = performance.now() + exitPatience;
    while (writeWaiting() === 'EAGAIN' && performance.now() < until) sleep(5);
  }

  neverBlock(fd);
  process.on('exit', flushSync);
  return {
    write(line) {
      if (closed) return;
      if (waiting + lines.length + line.length > mostWaiting) {
        dropped++;
        return;
      }
      lines += line;
      // While the output takes nothing, the pause goes on.
      schedule(0);
    },
    flushSync,
  };
}
