import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from './listen-on-loopback.ts';

const prefaceLength = 24;
const frameHeaderLength = 9;
const headersFrame = 1;

/**
 * Creates a function that counts the gRPC calls in the bytes that a client sends. For each call,
 * the client sends one HEADERS frame (RFC 9113 section 4.1).
 */
function callCounter(): (bytes: Buffer) => number {
  let rest = Buffer.alloc(0);
  let prefaceSeen = false;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    if (!prefaceSeen && rest.length >= prefaceLength) {
      rest = rest.subarray(prefaceLength);
      prefaceSeen = true;
    }
    let calls = 0;
    while (
      prefaceSeen &&
      rest.length >= frameHeaderLength &&
      rest.length >= frameHeaderLength + rest.readUIntBE(0, 3)
    ) {
      if (rest[3] === headersFrame) calls++;
      rest = rest.subarray(frameHeaderLength + rest.readUIntBE(0, 3));
    }
    return calls;
  };
}

/** A proxy between the service and an emulator. It counts calls and can withhold responses. */
export interface FirestoreProxy {
  readonly host: string;
  /** Returns the number of calls so far. */
  calls(): number;
  /** Returns the number of accepted connections so far. */
  connections(): number;
  /**
   * Withholds the responses to the nth gRPC call from now on, and to all later calls, until
   * {@link cut} is called. 0 withholds all data, so that no further connection is established.
   */
  loseAnswerTo(nth: number): void;
  /** Closes all connections. New connections work normally. */
  cut(): void;
}

export async function startFirestoreProxy(emulatorHost: string): Promise<FirestoreProxy> {
  const [host, emulatorPort] = emulatorHost.split(':') as [string, string];
  const sockets = new Set<Socket>();
  let calls = 0;
  let connections = 0;
  let firstLost = Number.POSITIVE_INFINITY;

  const server = createServer((client) => {
    connections++;
    const emulator = connect(Number(emulatorPort), host);
    const count = callCounter();
    for (const socket of [client, emulator]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        emulator.destroy();
      });
    }
    client.on('data', (bytes) => {
      calls += count(bytes);
      emulator.write(bytes);
    });
    emulator.on('data', (bytes) => {
      if (calls < firstLost) client.write(bytes);
    });
  });
  const port = await listenOnLoopback(server);
  const cut = () => {
    firstLost = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    host: `127.0.0.1:${port}`,
    calls: () => calls,
    connections: () => connections,
    loseAnswerTo: (nth) => {
      firstLost = calls + nth;
    },
    cut,
  };
}
