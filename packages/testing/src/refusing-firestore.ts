import { createServer } from 'node:http2';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** A fake Firestore. It rejects each call with the same gRPC status. */
export interface RefusingFirestore {
  /** Value for FIRESTORE_EMULATOR_HOST, in the form `host:port`. */
  readonly host: string;
  /** Returns the number of calls so far. */
  calls(): number;
}

/**
 * Starts a fake Firestore that rejects each call with the given status, which may be one that the
 * emulator never returns. It sends "Trailers-Only" responses
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses).
 *
 * @param code numeric gRPC status code
 */
export async function startRefusingFirestore(
  code: number,
  message: string,
): Promise<RefusingFirestore> {
  let calls = 0;
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    calls++;
    stream.on('error', () => {});
    stream.resume();
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': `${code}`,
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
  return { host: `127.0.0.1:${port}`, calls: () => calls };
}
