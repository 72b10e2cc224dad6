import { constants, createServer } from 'node:http2';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** A fake Firestore, which executes no call. */
export interface RefusingFirestore {
  /** Value for FIRESTORE_EMULATOR_HOST, in the form `host:port`. */
  readonly host: string;
  /** Returns the number of calls so far. */
  calls(): number;
  /** Returns the `grpc-timeout` header of each call so far. */
  timeouts(): readonly unknown[];
}

/**
 * What happens to a call: it is rejected with a status, or its connection ends, or its stream is
 * closed as one of too many, or it hangs.
 */
export type Fate = number | 'connection lost' | 'stream closed' | 'no response';

/**
 * Starts a fake Firestore that rejects each call with the given status, which may be one that the
 * emulator never returns. It sends "Trailers-Only" responses
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses).
 *
 * @param fates what happens to each call: numeric gRPC status codes, or failures of the network.
 *   The last one also applies to all further calls.
 */
export async function startRefusingFirestore(
  fates: Fate | readonly Fate[],
  message: string,
): Promise<RefusingFirestore> {
  const all = [fates].flat();
  const timeouts: unknown[] = [];
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const fate = all[Math.min(timeouts.length, all.length - 1)];
    timeouts.push(headers['grpc-timeout']);
    stream.on('error', () => {});
    stream.resume();
    if (fate === 'no response') return;
    if (fate === 'connection lost') return void stream.session?.destroy();
    if (fate === 'stream closed') return stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': `${fate}`,
        'grpc-message': encodeURIComponent(message),
      },
      { endStream: true },
    );
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${port}`, calls: () => timeouts.length, timeouts: () => timeouts };
}
