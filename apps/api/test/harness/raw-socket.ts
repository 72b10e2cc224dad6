import { connect } from 'node:net';

export interface ReceivedBytes {
  /** Everything that was received, in Latin-1. */
  readonly text: string;
  /** Lifetime of the connection in milliseconds. */
  readonly duration: number;
}

/** Sends bytes over a new connection, and resolves with the response when the server closes it. */
export function sendRaw(port: number, ...chunks: readonly (string | Uint8Array)[]): Promise<ReceivedBytes> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
    socket.setEncoding('latin1').on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {}); // After a reset, `close` follows.
    socket.on('close', () => resolve({ text, duration: performance.now() - begun }));
  });
}
