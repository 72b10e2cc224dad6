import { fstatSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/**
 * Maximum size in bytes of the queue of lines that the output has not accepted (contract,
 * "Failures").
 */
const maxQueuedBytes = 8 * 1024 * 1024;
/** Milliseconds until the next attempt to write to a full pipe. */
const pipePause = 10;
/** Milliseconds until the next attempt after any other failed write, such as to a full disk. */
const failurePause = 1_000;
/** Maximum time, in milliseconds, that the exiting process waits for a slow reader. */
const exitTimeout = 200;

export interface LogOutputOptions {
  readonly fd: number;
  /** Called with the number of dropped lines once the output accepts lines again. */
  readonly onDropped: (count: number) => void;
}

export interface LogOutput extends DestinationStream {
  /** Writes the queued lines. A slow reader gets at most 200 ms to accept them. */
  flushSync(): void;
}

/**
 * Makes a write to a full pipe fail with EAGAIN instead of blocking the process. Node sets
 * O_NONBLOCK when it opens its own stream on the pipe. Writes to a file never block.
 */
function neverBlock(fd: number): void {
  const kind = fstatSync(fd);
  if ((kind.isFIFO() || kind.isSocket()) && fd === 1) void process.stdout;
}

const sleep = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/**
 * Creates a log output that writes to a file descriptor without blocking the event loop.
 *
 * It writes once per turn of the event loop, because a system call for each line would dominate the
 * cost of logging. Lines that the output does not accept are queued up to {@link maxQueuedBytes};
 * further lines are dropped and counted. The queue is written when the process exits. A process
 * that is killed loses the lines of its last turn.
 */
export function createLogOutput({ fd, onDropped }: LogOutputOptions): LogOutput {
  /** Lines of the current turn of the event loop. */
  let lines = '';
  /** Unwritten output of earlier turns, oldest first. */
  const queue: Buffer[] = [];
  let queuedBytes = 0;
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
    queuedBytes += bytes.length;
    lines = '';
  }

  /** Writes as much of the queue as possible. Returns the error code of a failed write. */
  function writeQueue(): string | undefined {
    collect();
    try {
      for (let [next] = queue; next !== undefined; [next] = queue) {
        const written = writeSync(fd, next);
        queuedBytes -= written;
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
    const code = writeQueue();
    if (code === 'EPIPE' || code === 'EBADF') {
      // The reader has closed the output permanently.
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
    const until = performance.now() + exitTimeout;
    while (writeQueue() === 'EAGAIN' && performance.now() < until) sleep(5);
  }

  neverBlock(fd);
  process.on('exit', flushSync);
  return {
    write(line) {
      if (closed) return;
      if (queuedBytes + lines.length + line.length > maxQueuedBytes) {
        dropped++;
        return;
      }
      lines += line;
      // Has no effect during a pause after a failed write.
      schedule(0);
    },
    flushSync,
  };
}
