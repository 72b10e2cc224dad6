import { connect } from 'node:net';

export interface ReceivedBytes {
  /** All received bytes, decoded as Latin-1. */
  readonly text: string;
  /** Time in milliseconds for which the connection was open. */
  readonly duration: number;
}

/**
 * Sends bytes over a new connection. When the server closes the connection, resolves to the
 * response.
 */
export function sendRaw(
  port: number,
  ...chunks: readonly (string | Uint8Array)[]
): Promise<ReceivedBytes> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
    socket.setEncoding('latin1').on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {}); // After a reset, `close` follows.
    socket.on('close', () => resolve({ text, duration: performance.now() - startedAt }));
  });
}
